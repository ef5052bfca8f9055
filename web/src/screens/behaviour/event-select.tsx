import { eventLabel } from '../../data/catalogue';
import { text } from '../../text/en';
import { Select } from '../../ui/controls';

/** The types that every sender has; other types of a shop are kept when a link names them. */
const EVENTS = Object.keys(text.events);

export function EventSelect({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string;
  onChange: (event: string) => void;
}) {
  const known = EVENTS.includes(value) ? EVENTS : [...EVENTS, value];
  return (
    <Select
      label={label}
      value={value}
      options={known.map((event) => [event, eventLabel(event)] as const)}
      onChange={onChange}
    />
  );
}
