import {
  type ComponentProps,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { text } from '../text/en';
import css from './controls.module.css';

type Variant = 'plain' | 'primary' | 'danger' | 'quiet';

export function classes(...names: (string | false | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}

interface ButtonProps extends ComponentProps<'button'> {
  variant?: Variant;
  small?: boolean;
}

export function Button({ variant = 'plain', small, className, type = 'button', ...rest }: ButtonProps) {
  const look = variant === 'plain' ? undefined : css[variant];
  return (
    <button type={type} className={classes(css.button, look, small && css.small, className)} {...rest} />
  );
}

export const buttonClass = css.button;

interface FieldProps {
  label: ReactNode;
  hint?: ReactNode | undefined;
  error?: ReactNode | undefined;
  children: (attributes: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: true }) => ReactNode;
}

/** A labelled input, with its hint and its error. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div className={css.field}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(note ? { 'aria-describedby': `${id}-note` } : {}),
        ...(error ? { 'aria-invalid': true } : {}),
      })}
      {note && (
        <p id={`${id}-note`} className={error ? css.error : css.hint} role={error ? 'alert' : undefined}>
          {note}
        </p>
      )}
    </div>
  );
}

interface TextInputProps extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  value: string;
  onChange: (value: string) => void;
}

export function TextInput({ label, hint, error, value, onChange, ...rest }: TextInputProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => (
        <input {...rest} {...attributes} value={value} onChange={(event) => onChange(event.target.value)} />
      )}
    </Field>
  );
}

interface SelectProps<T extends string>
  extends Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange' | 'value'> {
  label: string;
  /** Whether the label is for screen readers only. */
  quiet?: boolean;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

export function Select<T extends string>({
  label,
  quiet,
  value,
  options,
  onChange,
  ...rest
}: SelectProps<T>) {
  const choice = (attributes: object) => (
    <select {...rest} {...attributes} value={value} onChange={(event) => onChange(event.target.value as T)}>
      {options.map(([name, shown]) => (
        <option key={name} value={name}>
          {shown}
        </option>
      ))}
    </select>
  );
  return quiet ? choice({ 'aria-label': label }) : <Field label={label}>{choice}</Field>;
}

interface CheckProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  children: ReactNode;
}

export function Check({ checked, onChange, disabled, children }: CheckProps) {
  return (
    <label className={css.check}>
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span>{children}</span>
    </label>
  );
}

/** One of a few views, as a row of buttons. */
export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be laid out as a row in all browsers.
    <div className={css.tabs} role="group" aria-label={label}>
      {options.map(([name, shown]) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => onChange(name)}>
          {shown}
        </button>
      ))}
    </div>
  );
}

export type Tone = 'plain' | 'good' | 'warn' | 'bad';

export function Badge({
  tone = 'plain',
  dot,
  title,
  children,
}: {
  tone?: Tone;
  dot?: 'still' | 'beating';
  title?: string | undefined;
  children: ReactNode;
}) {
  return (
    <span className={css.badge} data-tone={tone} title={title}>
      {dot && <span className={css.dot} data-beating={dot === 'beating' || undefined} aria-hidden="true" />}
      {children}
    </span>
  );
}

/** Copies a text, and says so. */
export function CopyButton({
  value,
  label = text.copy,
  small = true,
}: {
  value: string;
  label?: string;
  small?: boolean;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    // Browsers offer the clipboard on https and loopback only; elsewhere the text can be selected.
    await navigator.clipboard?.writeText(value);
    setCopied(navigator.clipboard !== undefined);
  };
  return (
    <Button small={small} onClick={copy}>
      <span aria-live="polite">{copied ? text.copied : label}</span>
    </Button>
  );
}

interface PopoverProps {
  label: ReactNode;
  accessibleLabel?: string;
  variant?: Variant;
  small?: boolean;
  /** Lets a shortcut open it. */
  opener?: (open: () => void) => void;
  children: (close: () => void) => ReactNode;
}

/** The width up to which panels are sheets, as in `controls.module.css`. */
const PHONE = 520;

/** A button that opens a panel beside itself. The browser closes it on Esc and on clicks elsewhere. */
export function Popover({
  label,
  accessibleLabel,
  variant = 'plain',
  small,
  opener,
  children,
}: PopoverProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const close = () => panel.current?.hidePopover();
  opener?.(() => {
    button.current?.focus();
    if (!open) button.current?.click();
  });
  useEffect(() => {
    if (open) panel.current?.querySelector<HTMLElement>('button, input, select, a')?.focus();
  }, [open]);
  const place = () => {
    const [anchor, shown] = [button.current, panel.current];
    // On a phone the panel is a sheet at the bottom, as the style sheet places it.
    if (!anchor || !shown || innerWidth <= PHONE) return;
    const from = anchor.getBoundingClientRect();
    const size = shown.getBoundingClientRect();
    const left = Math.max(8, Math.min(from.left, innerWidth - size.width - 8));
    const below = from.bottom + 6;
    const top = below + size.height > innerHeight - 8 ? Math.max(8, from.top - size.height - 6) : below;
    shown.style.left = `${left}px`;
    shown.style.top = `${top}px`;
  };
  return (
    <>
      <Button
        ref={button}
        variant={variant}
        {...(small ? { small } : {})}
        aria-label={accessibleLabel}
        aria-expanded={open}
        aria-haspopup="dialog"
        popoverTarget={id}
      >
        {label}
      </Button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        className={css.popover}
        onToggle={(event) => {
          setOpen(event.newState === 'open');
          if (event.newState === 'open') place();
        }}
      >
        {open && children(close)}
      </div>
    </>
  );
}

export const itemClass = css.item;
export const groupClass = css.group;
export const panelClass = css.panel;
export { css as controls };

interface DialogProps {
  title: string;
  wide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog; the browser keeps the focus inside, and gives it back. */
export function Dialog({ title, wide, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} className={wide ? css.wide : undefined} onClose={onClose}>
      <header className={css.dialogHead}>
        <h2 id={id}>{title}</h2>
        <Button variant="quiet" small onClick={onClose} aria-label={text.close}>
          ✕
        </Button>
      </header>
      <div className={css.dialogBody}>{children}</div>
    </dialog>
  );
}

export function DialogFoot({ children }: { children: ReactNode }) {
  return <footer className={css.dialogFoot}>{children}</footer>;
}

/** A secret that is shown once. */
export function Secret({ label, value }: { label: string; value: string }) {
  return (
    <div className={css.secret}>
      <div className={classes(css.row, css.spread)}>
        <span className={css.label}>{label}</span>
        <CopyButton value={value} />
      </div>
      <code>{value}</code>
    </div>
  );
}
