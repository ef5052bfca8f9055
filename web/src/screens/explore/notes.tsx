import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { type Annotation, useCampaigns } from '../../data/lists';
import { locale, type Me, useMe, useTenant } from '../../data/me';
import { dateIn, offsetLabel, showMoment } from '../../format/zone';
import { useSubmit } from '../../hooks/use-submit';
import { text } from '../../text/en';
import { Badge, Button, Check, controls, Dialog, DialogFoot, Select, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import css from './explore.module.css';

const NOTES = ['annotations'];

/** The notes of the range, as numbered in the chart. */
export function Notes({
  notes,
  zone,
  me,
}: {
  notes: readonly Annotation[] | undefined;
  zone: string;
  me: Me;
}) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) => body(api.DELETE('/v1/annotations/{id}', { params: { path: { id } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: NOTES }),
  });
  if (!notes || notes.length === 0) return null;
  return (
    <details>
      <summary>
        {text.explore.annotations} ({notes.length})
      </summary>
      <ol className={css.notes}>
        {notes.map((note, index) => (
          <li key={note.id}>
            <b>{index + 1}</b>
            <span className="soft">{showMoment(Date.parse(note.at), zone, locale)}</span>
            {note.text}
            <Badge>{note.scope === 'personal' ? text.explore.personal : text.explore.everybody}</Badge>
            {(note.scope === 'personal' || me.role === 'owner') && (
              <Button
                small
                variant="quiet"
                aria-label={text.explore.deleteAnnotation(note.text)}
                disabled={remove.isPending}
                onClick={() => remove.mutate(note.id)}
              >
                ✕
              </Button>
            )}
          </li>
        ))}
      </ol>
      {remove.error && <ErrorBox error={remove.error} />}
    </details>
  );
}

/** Writes a note. Its time is that of the shop, as everywhere on its reports. */
export function NoteDialog({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const client = useQueryClient();
  const campaigns = useCampaigns();
  const { zone } = useTenant();
  const [note, setNote] = useState('');
  const [day, setDay] = useState(() => dateIn(Date.now(), zone));
  const [time, setTime] = useState('');
  const [tenantWide, setTenantWide] = useState(false);
  const [campaign, setCampaign] = useState('');
  const { busy, error, submit } = useSubmit(async () => {
    const order = {
      at: time === '' ? day : instantOf(day, time, zone),
      text: note,
      scope: tenantWide ? ('tenant' as const) : ('personal' as const),
      ...(campaign === '' ? {} : { campaign_id: campaign }),
    };
    await body(api.POST('/v1/annotations', { body: order }));
    await client.invalidateQueries({ queryKey: NOTES });
    onClose();
  });
  return (
    <Dialog title={text.explore.annotateTitle} onClose={onClose}>
      <form className={controls.stack} onSubmit={submit}>
        <TextInput
          label={text.explore.annotationText}
          required
          maxLength={500}
          autoFocus
          value={note}
          onChange={setNote}
        />
        <div className={controls.pair}>
          <TextInput label={text.explore.annotationDay} type="date" required value={day} onChange={setDay} />
          <TextInput
            label={`${text.explore.annotationTime} (${text.optional})`}
            type="time"
            hint={zone}
            value={time}
            onChange={setTime}
          />
        </div>
        <Select
          label={text.dimensions.campaign ?? ''}
          value={campaign}
          options={[['', text.none], ...(campaigns.data ?? []).map(({ id, name }) => [id, name] as const)]}
          onChange={setCampaign}
        />
        {me.role === 'owner' && (
          <Check checked={tenantWide} onChange={setTenantWide}>
            {text.explore.annotationTenant}
          </Check>
        )}
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

/** Returns a local time as RFC 3339 with the offset that the zone has then. */
function instantOf(day: string, time: string, zone: string): string {
  const guess = Date.parse(`${day}T${time}:00Z`);
  const first = offsetLabel(guess, zone).slice(3).replace('−', '-');
  const offset = offsetLabel(Date.parse(`${day}T${time}:00${first}`), zone)
    .slice(3)
    .replace('−', '-');
  return `${day}T${time}:00${offset}`;
}
