import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api, body } from '../../api/client';
import { type SavedReport, useSavedReports } from '../../data/lists';
import { useMe } from '../../data/me';
import { useSubmit } from '../../hooks/use-submit';
import { text } from '../../text/en';
import {
  Badge,
  Button,
  Check,
  controls,
  Dialog,
  DialogFoot,
  Popover,
  panelClass,
  TextInput,
} from '../../ui/controls';
import { ErrorBox, Skeleton } from '../../ui/states';

const REPORTS = ['saved-reports'];

export type Kind = 'query' | 'funnel' | 'retention';

interface SavedProps {
  kind: Kind;
  /** Returns the address of a saved request's screen. */
  addressOf: (request: unknown) => string;
}

/** The saved reports of a kind; one click opens one. */
export function SavedReports(props: SavedProps) {
  return (
    <Popover small label={text.explore.saved}>
      {(close) => (
        <div className={panelClass}>
          <List {...props} onOpen={close} />
        </div>
      )}
    </Popover>
  );
}

function List({ kind, addressOf, onOpen }: SavedProps & { onOpen: () => void }) {
  const me = useMe();
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const { data, error, refetch } = useSavedReports();
  const remove = useMutation({
    mutationFn: (id: string) => body(api.DELETE('/v1/saved-reports/{id}', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: REPORTS }),
  });
  if (error) return <ErrorBox error={error} retry={() => void refetch()} />;
  if (!data) return <Skeleton height={80} />;
  const shown = data.filter((saved) => saved.kind === kind);
  if (shown.length === 0) return <p className="soft">{text.explore.noSaved}</p>;
  const mine = (saved: SavedReport) => me.role === 'owner' || `user:${saved.created_by}` === me.subject;
  return (
    <ul className={controls.stack}>
      {shown.map((saved) => (
        <li key={saved.id} className={`${controls.row} ${controls.spread}`}>
          <Button
            variant="quiet"
            aria-label={text.explore.openSaved(saved.name)}
            title={saved.description ?? undefined}
            onClick={() => {
              navigate(addressOf(saved.request));
              onOpen();
            }}
          >
            {saved.name}
          </Button>
          <span className={controls.row}>
            <Badge>{text.explore.savedOf[saved.visibility]}</Badge>
            {mine(saved) && (
              <Button
                small
                variant="quiet"
                aria-label={`${text.remove}: ${saved.name}`}
                disabled={remove.isPending}
                onClick={() => remove.mutate(saved.id)}
              >
                ✕
              </Button>
            )}
          </span>
        </li>
      ))}
      {remove.error && <ErrorBox error={remove.error} />}
    </ul>
  );
}

export function SaveDialog({
  kind,
  request,
  onClose,
}: {
  kind: Kind;
  request: unknown;
  onClose: () => void;
}) {
  const me = useMe();
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [shared, setShared] = useState(false);
  const { busy, error, submit } = useSubmit(async () => {
    const order = {
      name,
      kind,
      request: request as Record<string, never>,
      visibility: shared ? ('shared' as const) : ('private' as const),
      ...(description === '' ? {} : { description }),
    };
    await body(api.POST('/v1/saved-reports', { body: order }));
    await client.invalidateQueries({ queryKey: REPORTS });
    onClose();
  });
  return (
    <Dialog title={text.explore.saveTitle} onClose={onClose}>
      <form className={controls.stack} onSubmit={submit}>
        <TextInput
          label={text.explore.saveName}
          required
          maxLength={100}
          autoFocus
          value={name}
          onChange={setName}
        />
        <TextInput
          label={`${text.explore.saveDescription} (${text.optional})`}
          maxLength={500}
          value={description}
          onChange={setDescription}
        />
        {me.advertiser === null && (
          <Check checked={shared} onChange={setShared}>
            {text.explore.saveShared}
          </Check>
        )}
        <p className="soft">{text.explore.relativeHint}</p>
        {error !== null && <ErrorBox error={error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" variant="primary" disabled={busy}>
            {text.save}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
