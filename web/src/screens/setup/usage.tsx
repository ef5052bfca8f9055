import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, body } from '../../api/client';
import { useTenant } from '../../data/me';
import { addDays, dateIn } from '../../format/zone';
import { Page } from '../../shell/page';
import { text } from '../../text/en';
import { Select } from '../../ui/controls';
import { ErrorBox, Skeleton, Stale } from '../../ui/states';
import { type Fields, oneOf } from '../../url/codec';
import { useUrlState } from '../../url/use-url-state';
import { UsageTable } from './usage-table';

const DAYS = ['7', '30', '90'] as const;

const fields: Fields<{ days: (typeof DAYS)[number] }> = { days: oneOf(DAYS, '30') };

/** What the tenant used. */
export default function Usage() {
  const [{ days }, change] = useUrlState(fields);
  const { zone } = useTenant();
  const today = dateIn(Date.now(), zone);
  const from = addDays(today, 1 - Number(days));
  const { data, error, refetch, isPlaceholderData } = useQuery({
    queryKey: ['usage', from],
    queryFn: () => body(api.GET('/v1/usage', { params: { query: { from } } })),
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title={text.usage.title}
      aside={
        <Select
          quiet
          label={text.range.label}
          value={days}
          options={DAYS.map((number) => [number, text.usage.lastDays(number)] as const)}
          onChange={(chosen) => change({ days: chosen })}
        />
      }
    >
      <p className="soft">{text.usage.intro(zone)}</p>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {!error && !data && <Skeleton height={320} />}
      {!error && data && (
        <Stale when={isPlaceholderData}>
          <UsageTable usage={data} />
        </Stale>
      )}
    </Page>
  );
}
