import { locale } from '../data/me';
import { formatSeconds, numberFormat } from '../format/values';
import { showMoment } from '../format/zone';
import { useNow } from '../hooks/use-now';
import type { LiveState } from '../live/store';
import { text } from '../text/en';
import { Badge } from './controls';

/** A lag that is worth showing, in milliseconds. */
const BEHIND = 10_000;

function brief(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds >= 10) return formatSeconds(Math.round(seconds), locale);
  const format = { style: 'unit', unit: 'second', unitDisplay: 'short', maximumFractionDigits: 1 } as const;
  return numberFormat(locale, format).format(seconds);
}

/** How fresh live numbers are. Not announced by itself: it changes each second. */
export function LiveBadge({ state, zone }: { state: LiveState; zone: string }) {
  const now = useNow(1_000);
  const { status, asOf, frameAt } = state;
  const hint =
    asOf === null ? text.freshness.unknown : text.freshness.asOf(showMoment(asOf, zone, locale, true));
  switch (status) {
    case 'live': {
      // Between frames nothing changed, so the lag is that of the last frame.
      const lag = asOf !== null && frameAt !== null ? frameAt - asOf : null;
      if (lag !== null && lag > BEHIND) {
        return (
          <Badge tone="warn" dot="still" title={hint}>
            {text.freshness.catching(brief(now - (asOf ?? now)))}
          </Badge>
        );
      }
      return (
        <Badge tone="good" dot="beating" title={hint}>
          {text.freshness.live(lag === null ? '–' : brief(lag))}
        </Badge>
      );
    }
    case 'limited':
      return (
        <Badge tone="warn" dot="still" title={hint}>
          {text.freshness.polled}
        </Badge>
      );
    case 'refused':
      return (
        <Badge tone="warn" dot="still" title={hint}>
          {text.freshness.refused}
        </Badge>
      );
    default:
      return (
        <Badge tone={status === 'reconnecting' ? 'warn' : 'plain'} dot="still" title={hint}>
          {text.freshness[status]}
        </Badge>
      );
  }
}

/** How fresh and how final an answer is. */
export function AnswerBadge({
  asOf,
  finalAfter,
  zone,
}: {
  asOf: string | null | undefined;
  finalAfter?: string | undefined;
  zone: string;
}) {
  const now = useNow(30_000);
  const final = finalAfter !== undefined && Date.parse(finalAfter) <= now;
  return (
    <>
      {asOf !== undefined && (
        <Badge
          title={asOf ? text.freshness.asOf(showMoment(Date.parse(asOf), zone, locale, true)) : undefined}
        >
          {asOf
            ? text.freshness.computed(showMoment(Date.parse(asOf), zone, locale))
            : text.freshness.unknown}
        </Badge>
      )}
      {finalAfter !== undefined && (
        <Badge tone={final ? 'good' : 'plain'} title={final ? undefined : text.freshness.finalHint}>
          {final
            ? text.freshness.final
            : text.freshness.provisional(showMoment(Date.parse(finalAfter), zone, locale))}
        </Badge>
      )}
    </>
  );
}
