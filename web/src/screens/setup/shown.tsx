import { useState } from 'react';
import { text } from '../../text/en';
import { Button, Check, Dialog, DialogFoot, Secret } from '../../ui/controls';

/** Secrets that are shown once: the dialog is left only when they are stored. */
export function Shown({
  title,
  hint = text.keys.madeHint,
  secrets,
  onClose,
}: {
  title: string;
  hint?: string;
  secrets: readonly (readonly [string, string])[];
  onClose: () => void;
}) {
  const [stored, setStored] = useState(false);
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{hint}</p>
      {secrets.map(([label, value]) => (
        <Secret key={label} label={label} value={value} />
      ))}
      <DialogFoot>
        <Check checked={stored} onChange={setStored}>
          {text.keys.stored}
        </Check>
        <Button variant="primary" disabled={!stored} onClick={onClose}>
          {text.close}
        </Button>
      </DialogFoot>
    </Dialog>
  );
}
