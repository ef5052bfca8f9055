import { useState } from 'react';
import { api, body } from '../../api/client';
import type { components } from '../../api/schema';
import type { ApiKey } from '../../data/lists';
import { useSubmit } from '../../hooks/use-submit';
import { text } from '../../text/en';
import { Button, controls, Dialog, DialogFoot, Select } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import { Shown } from './shown';

const OVERLAPS = ['0', '3600', '86400', '604800', '2592000'] as const;

interface RotateProps {
  rotated: ApiKey;
  onMade: () => void;
  onClose: () => void;
}

/** Gives a key another secret. For a while the former one is valid, too. */
export function RotateKey({ rotated, onMade, onClose }: RotateProps) {
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]>('86400');
  const [made, setMade] = useState<components['schemas']['NewKey'] | null>(null);
  const { busy, error, submit } = useSubmit(async () => {
    const order = { params: { path: { id: rotated.id } }, body: { overlap_seconds: Number(overlap) } };
    setMade(await body(api.POST('/v1/api-keys/{id}/rotation', order)));
    onMade();
  });
  if (made) return <Shown title={text.keys.rotated} secrets={[[made.name, made.key]]} onClose={onClose} />;
  return (
    <Dialog title={text.keys.rotateTitle(rotated.name)} onClose={onClose}>
      <form className={controls.stack} onSubmit={submit}>
        <p>{text.keys.rotateHint}</p>
        <Select
          label={text.keys.overlap}
          value={overlap}
          options={OVERLAPS.map((seconds) => [seconds, text.keys.overlaps[seconds]] as const)}
          onChange={setOverlap}
        />
        {error !== null && <ErrorBox error={error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" variant="primary" disabled={busy}>
            {text.keys.rotate}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
