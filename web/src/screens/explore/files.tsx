import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { download } from '../../api/client';
import { useSavedReports } from '../../data/lists';
import { locale, useMe, useTenant } from '../../data/me';
import {
  type ReportJob,
  reportJobs,
  type Schedule,
  type ScheduleOrder,
  schedules,
} from '../../data/report-jobs';
import { formatBytes, formatCount } from '../../format/values';
import { showMoment } from '../../format/zone';
import { useSubmit } from '../../hooks/use-submit';
import { Page, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Badge, Button, controls, Dialog, DialogFoot, Select, TextInput, type Tone } from '../../ui/controls';
import { Empty, ErrorBox } from '../../ui/states';
import { type Column, Table, tableCss } from '../../ui/table';

const JOBS = ['report-jobs'];
const SCHEDULES = ['schedules'];
const RUNNING_EVERY = 2_000;

const TONES: Record<string, Tone> = { done: 'good', failed: 'bad', running: 'warn', queued: 'plain' };

export default function Files() {
  return (
    <Page title={text.files.title}>
      <Jobs />
      <Schedules />
    </Page>
  );
}

function Jobs() {
  const { zone } = useTenant();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: JOBS,
    queryFn: reportJobs.list,
    refetchInterval: ({ state }) =>
      state.data?.data.some((job) => job.state === 'queued' || job.state === 'running')
        ? RUNNING_EVERY
        : false,
  });
  const fetched = useMutation({ mutationFn: async (id: string) => download(await reportJobs.file(id)) });
  const cancel = useMutation({
    mutationFn: reportJobs.cancel,
    onSuccess: () => client.invalidateQueries({ queryKey: JOBS }),
  });
  const columns: Column<ReportJob>[] = [
    {
      key: 'kind',
      label: text.files.kind,
      cell: (job) => job.manifest?.file ?? text.files.kinds[job.kind] ?? job.kind,
    },
    {
      key: 'state',
      label: text.files.state,
      cell: (job) => (
        <Badge tone={TONES[job.state] ?? 'plain'} title={job.failure?.detail}>
          {text.files.states[job.state] ?? job.state}
        </Badge>
      ),
    },
    {
      key: 'created',
      label: text.files.created,
      cell: (job) => showMoment(Date.parse(job.created_at), zone, locale),
    },
    {
      key: 'size',
      label: text.files.size,
      number: true,
      cell: ({ progress: { rows, bytes } }) =>
        rows == null
          ? formatBytes(bytes, locale)
          : `${text.files.rows(formatCount(rows, locale))}, ${formatBytes(bytes, locale)}`,
    },
    {
      key: 'actions',
      label: text.files.download,
      cell: (job) => (
        <span className={tableCss.actions}>
          {job.state === 'done' && (
            <Button small disabled={fetched.isPending} onClick={() => fetched.mutate(job.id)}>
              {text.files.download}
            </Button>
          )}
          {(job.state === 'queued' || job.state === 'running' || job.state === 'done') && (
            <Button small variant="quiet" disabled={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
              {job.state === 'done' ? text.remove : text.cancel}
            </Button>
          )}
        </span>
      ),
    },
  ];
  const failed = error ?? fetched.error ?? cancel.error;
  return (
    <Section title={text.files.jobs}>
      {failed && <ErrorBox error={failed} retry={() => void refetch()} />}
      {data?.data.length === 0 && (
        <Empty title={text.files.none}>
          <p>{text.files.noneHint}</p>
        </Empty>
      )}
      {!error && data?.data.length !== 0 && (
        <Table
          caption={text.files.jobs}
          columns={columns}
          rows={data?.data}
          rowKey={({ id }) => id}
          expected={3}
        />
      )}
    </Section>
  );
}

function Schedules() {
  const { zone } = useTenant();
  const me = useMe();
  const client = useQueryClient();
  const [adding, setAdding] = useState(false);
  const { data, error, refetch } = useQuery({ queryKey: SCHEDULES, queryFn: schedules.list });
  const saved = useSavedReports();
  const names = new Map((saved.data ?? []).map(({ id, name }) => [id, name]));
  const remove = useMutation({
    mutationFn: schedules.remove,
    onSuccess: () => client.invalidateQueries({ queryKey: SCHEDULES }),
  });
  const moment = (instant: string | null | undefined) =>
    instant ? showMoment(Date.parse(instant), zone, locale) : text.none;
  const columns: Column<Schedule>[] = [
    { key: 'name', label: text.files.name, cell: ({ name }) => name },
    {
      key: 'report',
      label: text.files.report,
      cell: ({ saved_report: report, kind }) =>
        report ? (names.get(report) ?? report) : (text.files.kinds[kind ?? ''] ?? kind),
    },
    {
      key: 'every',
      label: text.files.every,
      cell: ({ every, weekday, at }) =>
        `${text.files.everies[every]}${weekday ? `, ${text.files.weekdays[weekday]}` : ''}, ${at}`,
    },
    { key: 'next', label: text.files.next, cell: ({ next_run_at: next }) => moment(next) },
    { key: 'last', label: text.files.last, cell: ({ last_run_at: last }) => moment(last) },
    {
      key: 'remove',
      label: text.remove,
      cell: ({ id, name, created_by: author }) =>
        (me.role === 'owner' || `user:${author}` === me.subject) && (
          <Button
            small
            variant="danger"
            aria-label={`${text.remove}: ${name}`}
            disabled={remove.isPending}
            onClick={() => remove.mutate(id)}
          >
            {text.remove}
          </Button>
        ),
    },
  ];
  const failed = error ?? remove.error;
  return (
    <Section
      title={text.files.schedules}
      aside={<Button onClick={() => setAdding(true)}>{text.files.addSchedule}</Button>}
    >
      {failed && <ErrorBox error={failed} retry={() => void refetch()} />}
      {data?.length === 0 && <Empty title={text.files.noSchedules} />}
      {!error && data?.length !== 0 && (
        <Table
          caption={text.files.schedules}
          columns={columns}
          rows={data}
          rowKey={({ id }) => id}
          expected={2}
        />
      )}
      {adding && <AddSchedule onClose={() => setAdding(false)} />}
    </Section>
  );
}

function AddSchedule({ onClose }: { onClose: () => void }) {
  const { zone } = useTenant();
  const client = useQueryClient();
  const saved = useSavedReports();
  const [name, setName] = useState('');
  const [report, setReport] = useState('');
  const [range, setRange] = useState<'' | 'last_day' | 'last_week' | 'last_month'>('last_week');
  const [every, setEvery] = useState<'day' | 'week'>('week');
  const [weekday, setWeekday] = useState<NonNullable<ScheduleOrder['weekday']>>('monday');
  const [at, setAt] = useState('07:30');
  const chosen = report === '' ? (saved.data?.[0]?.id ?? '') : report;
  const { busy, error, submit } = useSubmit(async () => {
    const order: ScheduleOrder = {
      name,
      saved_report: chosen,
      every,
      at,
      ...(range === '' ? {} : { range }),
      ...(every === 'week' ? { weekday } : {}),
    };
    await schedules.create(order);
    await client.invalidateQueries({ queryKey: SCHEDULES });
    onClose();
  });
  const options = <T extends string>(labels: Record<T, string>) => Object.entries(labels) as [T, string][];
  return (
    <Dialog title={text.files.scheduleTitle} onClose={onClose}>
      {saved.data?.length === 0 ? (
        <p>{text.files.noReports}</p>
      ) : (
        <form className={controls.stack} onSubmit={submit}>
          <TextInput
            label={text.files.name}
            required
            maxLength={100}
            autoFocus
            value={name}
            onChange={setName}
          />
          <Select
            label={text.files.report}
            value={chosen}
            options={(saved.data ?? []).map(({ id, name: shown }) => [id, shown] as const)}
            onChange={setReport}
          />
          <Select
            label={text.files.about}
            value={range}
            options={options(text.files.ranges)}
            onChange={setRange}
          />
          <div className={controls.pair}>
            <Select
              label={text.files.every}
              value={every}
              options={options(text.files.everies)}
              onChange={setEvery}
            />
            {every === 'week' && (
              <Select
                label={text.files.weekday}
                value={weekday}
                options={options(text.files.weekdays)}
                onChange={setWeekday}
              />
            )}
            <TextInput label={text.files.at} type="time" required hint={zone} value={at} onChange={setAt} />
          </div>
          {error !== null && <ErrorBox error={error} />}
          <DialogFoot>
            <Button onClick={onClose}>{text.cancel}</Button>
            <Button type="submit" variant="primary" disabled={busy || chosen === ''}>
              {text.save}
            </Button>
          </DialogFoot>
        </form>
      )}
    </Dialog>
  );
}
