import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import type { components } from '../../api/schema';
import { type ApiKey, useKeys } from '../../data/lists';
import { locale, useTenant } from '../../data/me';
import { showMoment } from '../../format/zone';
import { useSubmit } from '../../hooks/use-submit';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import {
  Badge,
  Button,
  CopyButton,
  controls,
  Dialog,
  DialogFoot,
  Field,
  Select,
  TextInput,
} from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import { type Fields, oneOf } from '../../url/codec';
import { useUrlState } from '../../url/use-url-state';
import { RotateKey } from './rotate-key';
import { Shown } from './shown';

const KINDS = ['collect', 'import', 'read'] as const;
type Kind = (typeof KINDS)[number];

const fields: Fields<{ create: Kind | '' }> = { create: oneOf(['', ...KINDS], '') };

export default function Keys() {
  const [state, change] = useUrlState(fields);
  const { zone } = useTenant();
  const client = useQueryClient();
  const { data, error, refetch } = useKeys();
  const [rotated, setRotated] = useState<ApiKey | null>(null);
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  const again = () => client.invalidateQueries({ queryKey: ['api-keys'] });
  const moment = (instant: string) => showMoment(Date.parse(instant), zone, locale);
  const expired = (key: ApiKey) => key.expires_at != null && Date.parse(key.expires_at) <= Date.now();
  const columns: Column<ApiKey>[] = [
    { key: 'name', label: text.keys.name, cell: ({ name }) => name },
    {
      key: 'id',
      label: text.keys.id,
      cell: ({ id }) => (
        <span className={controls.row}>
          <code>{id}</code>
          <CopyButton value={id} />
        </span>
      ),
    },
    {
      key: 'kind',
      label: text.keys.kind,
      cell: ({ kind, campaigns }) => (
        <>
          {text.keys.kinds[kind]}
          {campaigns && <span className="soft"> · {text.keys.limitedTo(campaigns.length)}</span>}
        </>
      ),
    },
    { key: 'created', label: text.keys.created, cell: (key) => moment(key.created_at) },
    {
      key: 'used',
      label: text.keys.used,
      cell: (key) => (key.last_used_at ? moment(key.last_used_at) : text.keys.never),
    },
    {
      key: 'expires',
      label: text.keys.expires,
      cell: (key) => (key.expires_at ? moment(key.expires_at) : text.keys.never),
    },
    {
      key: 'state',
      label: text.keys.state,
      cell: (key) =>
        key.revoked_at ? (
          <Badge>{text.keys.revoked}</Badge>
        ) : expired(key) ? (
          <Badge tone="warn">{text.keys.expired}</Badge>
        ) : (
          <span className={controls.row}>
            <Badge tone="good">{text.keys.active}</Badge>
            {key.former_valid_until && Date.parse(key.former_valid_until) > Date.now() && (
              <Badge tone="warn">{text.keys.formerUntil(moment(key.former_valid_until))}</Badge>
            )}
            <Button small aria-label={`${text.keys.rotate}: ${key.name}`} onClick={() => setRotated(key)}>
              {text.keys.rotate}
            </Button>
            <Button
              small
              variant="danger"
              aria-label={`${text.keys.revoke}: ${key.name}`}
              onClick={() => setRevoked(key)}
            >
              {text.keys.revoke}
            </Button>
          </span>
        ),
    },
  ];
  return (
    <Page
      title={text.keys.title}
      aside={
        <Button variant="primary" onClick={() => change({ create: 'collect' })}>
          {text.keys.create}
        </Button>
      }
    >
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {data?.length === 0 && (
        <Empty title={text.keys.none}>
          <p>{text.keys.noneHint}</p>
        </Empty>
      )}
      {!error && data?.length !== 0 && (
        <Table caption={text.keys.title} columns={columns} rows={data} rowKey={({ id }) => id} />
      )}
      {state.create !== '' && (
        <CreateKey
          first={state.create}
          onMade={again}
          onClose={() => change({ create: '' }, { replace: true })}
        />
      )}
      {rotated && <RotateKey rotated={rotated} onMade={again} onClose={() => setRotated(null)} />}
      {revoked && (
        <Confirm
          title={text.keys.revokeTitle(revoked.name)}
          hint={text.keys.revokeHint}
          action={text.keys.revoke}
          work={async () => {
            await body(api.DELETE('/v1/api-keys/{id}', { params: { path: { id: revoked.id } } }));
            await again();
          }}
          onClose={() => setRevoked(null)}
        />
      )}
    </Page>
  );
}

type Made = components['schemas']['NewKey'];

function CreateKey({ first, onMade, onClose }: { first: Kind; onMade: () => void; onClose: () => void }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>(first);
  const [campaigns, setCampaigns] = useState('');
  const [expires, setExpires] = useState('');
  const [made, setMade] = useState<Made | null>(null);
  const { busy, error, submit } = useSubmit(async () => {
    const ids = campaigns.split('\n').flatMap((line) => line.trim() || []);
    const order = {
      name,
      kind,
      ...(kind === 'read' && ids.length > 0 ? { campaigns: ids } : {}),
      ...(expires === '' ? {} : { expires_at: new Date(`${expires}T23:59:59`).toISOString() }),
    };
    setMade(await body(api.POST('/v1/api-keys', { body: order })));
    onMade();
  });
  if (made) return <Shown title={text.keys.made} secrets={[[made.name, made.key]]} onClose={onClose} />;
  return (
    <Dialog title={text.keys.createTitle} onClose={onClose}>
      <form className={controls.stack} onSubmit={submit}>
        <TextInput
          label={text.keys.name}
          required
          maxLength={200}
          autoFocus
          value={name}
          onChange={setName}
        />
        <Select
          label={text.keys.kind}
          value={kind}
          options={KINDS.map((each) => [each, text.keys.kinds[each] ?? each] as const)}
          onChange={setKind}
        />
        {kind === 'read' && (
          <Field label={`${text.keys.campaigns} (${text.optional})`} hint={text.keys.campaignsHint}>
            {(attributes) => (
              <textarea
                {...attributes}
                rows={3}
                value={campaigns}
                onChange={(event) => setCampaigns(event.target.value)}
              />
            )}
          </Field>
        )}
        <TextInput
          label={`${text.keys.expiresOn} (${text.optional})`}
          type="date"
          value={expires}
          onChange={setExpires}
        />
        {error !== null && <ErrorBox error={error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" variant="primary" disabled={busy}>
            {text.keys.create}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
