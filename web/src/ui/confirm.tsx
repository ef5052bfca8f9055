import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { text } from '../text/en';
import { Button, controls, Dialog, DialogFoot, TextInput } from './controls';
import { ErrorBox } from './states';

interface ConfirmProps {
  title: string;
  hint: string;
  action: string;
  /** What must be typed, for what is hard to undo. */
  typed?: string;
  work: () => Promise<unknown>;
  onClose: () => void;
  /** What else is asked. */
  children?: ReactNode;
}

/** Asks before something ends. */
export function Confirm({ title, hint, action, typed, work, onClose, children }: ConfirmProps) {
  const [name, setName] = useState('');
  const run = useMutation({ mutationFn: work, onSuccess: onClose });
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className={controls.stack}
        onSubmit={(event) => {
          event.preventDefault();
          run.mutate();
        }}
      >
        <p>{hint}</p>
        {children}
        {typed !== undefined && (
          <TextInput
            label={text.tenants.typeName(typed)}
            autoComplete="off"
            autoFocus={children === undefined}
            required
            value={name}
            onChange={setName}
          />
        )}
        {run.error && <ErrorBox error={run.error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button
            type="submit"
            variant="danger"
            disabled={run.isPending || (typed !== undefined && name !== typed)}
          >
            {action}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
