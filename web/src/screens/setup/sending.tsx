import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { collectorAddress } from '../../data/collector';
import { useKeys } from '../../data/lists';
import { locale, useTenant } from '../../data/me';
import { useReport } from '../../data/reports';
import { formatCount } from '../../format/values';
import { dateIn } from '../../format/zone';
import { useNow } from '../../hooks/use-now';
import { Card, Columns, Page } from '../../shell/page';
import { text } from '../../text/en';
import { Badge, buttonClass, Choice, CopyButton, controls, Select, TextInput } from '../../ui/controls';
import { Empty, ErrorBox, Skeleton } from '../../ui/states';
import { type Fields, oneOf, text as textField } from '../../url/codec';
import { useUrlState } from '../../url/use-url-state';
import { SENDERS, snippet } from './snippets';

interface State {
  sender: (typeof SENDERS)[number];
  key: string;
}

const fields: Fields<State> = { sender: oneOf(SENDERS, 'curl'), key: textField() };

/** How often the light asks whether events arrive. */
const LIGHT = 2_000;

export default function Sending() {
  const [state, change] = useUrlState(fields);
  const { data, error, refetch } = useKeys();
  const found = useQuery({
    queryKey: ['collector'],
    queryFn: collectorAddress,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [typed, setTyped] = useState<string | null>(null);
  const collector = typed ?? found.data ?? '';
  const now = Date.now();
  const keys = data?.filter(
    (key) =>
      key.kind === 'collect' && !key.revoked_at && (!key.expires_at || Date.parse(key.expires_at) > now),
  );
  const chosen = keys?.find(({ id }) => id === state.key) ?? keys?.[0];
  // A command without the address would look right, and fail.
  const shown = chosen && !found.isPending && snippet(state.sender, collector.replace(/\/$/, ''), chosen.id);
  return (
    <Page title={text.sending.title} aside={<Light />}>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {!error && (!data || (chosen && found.isPending)) && <Skeleton height={280} />}
      {keys && !chosen && (
        <Empty title={text.sending.noKey}>
          <p>{text.sending.noKeyHint}</p>
          <Link href="/keys?create=collect" className={buttonClass}>
            {text.sending.createKey}
          </Link>
        </Empty>
      )}
      {chosen && shown && (
        <Columns>
          <Card>
            <p>{text.sending.intro}</p>
            <div className={controls.pair}>
              <Select
                label={text.sending.key}
                value={chosen.id}
                options={(keys ?? []).map(({ id, name }) => [id, `${name} · ${id}`] as const)}
                onChange={(key) => change({ key }, { replace: true })}
              />
              <TextInput label={text.sending.collector} type="url" value={collector} onChange={setTyped} />
            </div>
            <div className={`${controls.row} ${controls.spread}`}>
              <Choice
                label={text.sending.title}
                value={state.sender}
                options={SENDERS.map((sender) => [sender, text.sending.senders[sender] ?? sender] as const)}
                onChange={(sender) => change({ sender }, { replace: true })}
              />
              <CopyButton value={shown} />
            </div>
            <pre>{shown}</pre>
            <p className="soft">{text.sending.secretHint}</p>
          </Card>
          <Card>
            <h2>{text.sending.check}</h2>
            {text.sending.checks.map((check) => (
              <p key={check}>{check}</p>
            ))}
            <p>
              <Link href="/rejects">{text.rejects.title}</Link>
            </p>
          </Card>
        </Columns>
      )}
    </Page>
  );
}

/** Turns green when the first event of today has arrived. */
function Light() {
  const { zone } = useTenant();
  const today = dateIn(useNow(60_000), zone);
  const { data } = useReport(
    { metrics: ['events'], time: { from: today, tz: zone, granularity: 'total' } },
    LIGHT,
  );
  const events = data?.totals.values.events ?? 0;
  return (
    <span role="status">
      {events > 0 ? (
        <Badge tone="good" dot="beating">
          {text.sending.arrived(formatCount(events, locale))}
        </Badge>
      ) : (
        <Badge tone="warn" dot="still">
          {text.sending.waiting}
        </Badge>
      )}
    </span>
  );
}
