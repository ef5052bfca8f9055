import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { api, body } from '../../api/client';
import type { components } from '../../api/schema';
import { may, useMe } from '../../data/me';
import { text } from '../../text/en';
import { Button, controls, Dialog, DialogFoot } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import { type Checked, checkMended, laidOut } from './mend';
import type { Reject } from './rejects';
import css from './rejects.module.css';

export type Outcome = components['schemas']['ResubmitOutcome'];

export function outcomeText(outcome: Outcome): string {
  const said = text.rejects.outcome[outcome.outcome] ?? outcome.outcome;
  if (outcome.outcome !== 'rejected') return said;
  return `${said} ${outcome.errors.map(({ pointer, reason }) => `${pointer} ${reason}`).join('; ')}`;
}

/** The event as it was sent, beside what is sent instead. */
export function MendDialog({ reject, onClose }: { reject: Reject; onClose: () => void }) {
  const me = useMe();
  const client = useQueryClient();
  const binary = reject.original_encoding === 'base64';
  const [mended, setMended] = useState(() => laidOut(reject.original));
  const checked = checkMended(mended, reject.original, reject.pointer, reject.code);
  const checkId = useId();
  const send = useMutation({
    mutationFn: (event: Record<string, unknown>) =>
      body(
        api.POST('/v1/rejects/resubmit', {
          body: { events: [{ id: reject.id, body: event as Record<string, never> }] },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: ['rejects'] }),
  });
  const outcome = send.data?.outcomes[0];
  const ready = checked.state === 'valid' || checked.state === 'still_missing';
  const wrong = checked.state === 'invalid' || checked.state === 'not_object';
  return (
    <Dialog title={text.rejects.mend} wide onClose={onClose}>
      <p>
        <code>{reject.pointer === '' ? text.rejects.whole : reject.pointer}</code> {reject.reason}
      </p>
      {binary ? (
        <p>{text.rejects.binary}</p>
      ) : (
        <div className={css.sides}>
          <section aria-label={text.rejects.original}>
            <h3>{text.rejects.original}</h3>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable. */}
            <pre tabIndex={0}>{laidOut(reject.original)}</pre>
          </section>
          <section aria-label={text.rejects.mended}>
            <h3>{text.rejects.mended}</h3>
            <textarea
              aria-label={text.rejects.mended}
              aria-describedby={checkId}
              aria-invalid={wrong || undefined}
              spellCheck={false}
              value={mended}
              readOnly={!may(me, 'replay_rejects')}
              onChange={(event) => setMended(event.target.value)}
            />
            <p id={checkId} className={wrong ? controls.error : controls.hint}>
              {checkedText(checked, reject.pointer)}
            </p>
          </section>
        </div>
      )}
      {outcome && <p role="status">{outcomeText(outcome)}</p>}
      {send.error && <ErrorBox error={send.error} />}
      <DialogFoot>
        <Button onClick={onClose}>{text.close}</Button>
        {may(me, 'replay_rejects') && !binary && (
          <Button
            variant="primary"
            disabled={!ready || send.isPending || outcome?.outcome === 'resubmitted'}
            onClick={() => 'event' in checked && send.mutate(checked.event)}
          >
            {text.rejects.resubmit}
          </Button>
        )}
      </DialogFoot>
    </Dialog>
  );
}

function checkedText(checked: Checked, pointer: string): string {
  switch (checked.state) {
    case 'invalid':
      return text.rejects.invalid(checked.reason);
    case 'not_object':
      return text.rejects.notObject;
    case 'unchanged':
      return text.rejects.unchanged;
    case 'still_missing':
      return text.rejects.stillMissing(pointer);
    case 'valid':
      return text.rejects.valid;
  }
}
