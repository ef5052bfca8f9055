import { dimensionLabel, useDimensions } from '../../data/catalogue';
import { text } from '../../text/en';
import { Button, Dialog } from '../../ui/controls';
import { narrowed } from '../../url/filter';
import type { Report } from '../../url/report';
import { divided } from './bars';
import css from './explore.module.css';

/** A segment: each of its dimensions, with the value. */
export interface Segment {
  label: string;
  values: readonly (readonly [dimension: string, value: string])[];
}

/** Asks by what a segment is divided, which is then all that the report is about. */
export function DrillDialog({
  report,
  segment,
  onChange,
  onClose,
}: {
  report: Report;
  segment: Segment;
  onChange: (change: Partial<Report>) => void;
  onClose: () => void;
}) {
  const dimensions = useDimensions();
  const rest = [...dimensions.keys()].filter((name) => !report.by.includes(name));
  return (
    <Dialog title={text.explore.closer(segment.label)} onClose={onClose}>
      <p className="soft">{text.explore.closerHint}</p>
      <div className={css.list}>
        {rest.map((name) => (
          <Button
            key={name}
            variant="quiet"
            small
            title={dimensions.get(name)?.description}
            onClick={() => {
              onChange({ ...divided(report, [name], dimensions), f: narrowed(report.f, segment.values) });
              onClose();
            }}
          >
            {dimensionLabel(name)}
          </Button>
        ))}
      </div>
    </Dialog>
  );
}
