import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, body } from '../../api/client';
import { locale } from '../../data/me';
import { type Move, moveKey, type Tenant, useMove } from '../../data/tenants';
import { formatCount } from '../../format/values';
import { showMoment, viewerZone } from '../../format/zone';
import { useSubmit } from '../../hooks/use-submit';
import { Card, Facts, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import { Badge, Button, controls, Dialog, DialogFoot, TextInput, type Tone } from '../../ui/controls';
import { ErrorBox, Skeleton } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import css from './admin.module.css';
import { LONGEST_REASON } from './life';
import { comparedOf, courseOf, type Happened, isFinished, logOf, type Step } from './move-progress';
import { ClusterInput, type Tier, TierInput } from './place-input';

const TONES: Record<Move['state'], Tone> = {
  moving: 'warn',
  backing_out: 'warn',
  moved: 'good',
  backed_out: 'plain',
};

const moment = (instant: string, exact = false) =>
  showMoment(Date.parse(instant), viewerZone(), locale, exact);
const count = (number: number) => formatCount(number, locale);
const placeName = ({ isolation, cluster }: Move['from']) =>
  text.move.place(text.tenants.tiers[isolation] ?? isolation, cluster);
const stepName = (step: string) => text.move.steps[step] ?? step;

/** Where the rows of a tenant are moved, how far that is, and the way back. */
export function MoveSection({ tenant }: { tenant: Tenant }) {
  const client = useQueryClient();
  const { data: move, error, refetch } = useMove(tenant.id);
  const [asking, setAsking] = useState<'begin' | 'back' | null>(null);
  const [reason, setReason] = useState('');
  const finished = move?.steps.filter(isFinished).length;
  const ended = move?.ended_at;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each finished step may change where the tenant is.
  useEffect(() => {
    void client.invalidateQueries({ queryKey: ['admin', 'tenant', tenant.id] });
  }, [client, tenant.id, finished, ended]);
  const mayBegin = tenant.state === 'active' && move !== undefined && (move === null || ended);
  const backOut = async () => {
    const params = { path: { id: tenant.id } };
    const order = api.POST('/v1/admin/tenants/{id}/move/back-out', { params, body: { reason } });
    client.setQueryData(moveKey(tenant.id), await body(order));
    setReason('');
  };
  return (
    <Section
      title={text.move.title}
      aside={
        <span className={controls.row}>
          {mayBegin && <Button onClick={() => setAsking('begin')}>{text.move.begin}</Button>}
          {move?.may_back_out && (
            <Button variant="danger" onClick={() => setAsking('back')}>
              {text.move.backOut}
            </Button>
          )}
        </span>
      }
    >
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {!error && move === undefined && <Skeleton height={60} />}
      {move === null && <p className="soft">{text.move.never}</p>}
      {move && <Progress move={move} />}
      {asking === 'begin' && <Begin tenant={tenant} onClose={() => setAsking(null)} />}
      {asking === 'back' && (
        <Confirm
          title={text.move.backOutTitle(tenant.name)}
          hint={text.move.backOutHint}
          action={text.move.backOut}
          work={backOut}
          onClose={() => setAsking(null)}
        >
          <TextInput
            label={text.tenants.reason}
            hint={text.move.reasonHint}
            required
            maxLength={LONGEST_REASON}
            autoFocus
            value={reason}
            onChange={setReason}
          />
        </Confirm>
      )}
    </Section>
  );
}

function Progress({ move }: { move: Move }) {
  const { state, steps } = move;
  const course = courseOf(move);
  const finished = course.filter(isFinished).length;
  const current = course.find((step) => !isFinished(step));
  return (
    <>
      <Card>
        <Facts
          facts={[
            [
              text.tenants.state,
              <Badge key="state" tone={TONES[state]}>
                {text.move.states[state]}
              </Badge>,
            ],
            [text.move.from, placeName(move.from)],
            [text.move.to, placeName(move.to)],
            [text.move.by, move.begun_by],
            ...(move.back_reason ? [[text.move.backReason, move.back_reason] as const] : []),
          ]}
        />
        <progress
          className={css.progress}
          aria-label={text.move.title}
          value={finished}
          max={course.length}
        />
        <p role="status" className="soft">
          {current && !move.ended_at
            ? text.move.step(count(finished + 1), count(course.length), stepName(current.step))
            : text.move.ended(moment(move.ended_at ?? move.begun_at))}
        </p>
      </Card>
      <Table
        caption={text.move.stepsTitle}
        columns={columnsOf(course)}
        rows={steps}
        rowKey={({ step }) => step}
      />
      <details>
        <summary>{text.move.log}</summary>
        <Table
          caption={text.move.log}
          columns={LOG}
          rows={logOf(move)}
          rowKey={({ at, kind, step }) => `${at} ${kind} ${step ?? ''}`}
        />
      </details>
    </>
  );
}

/** The columns of steps, of which those that lead nowhere any more have stopped. */
const columnsOf = (course: readonly Step[]): Column<Step>[] => [
  { key: 'step', label: text.move.stepTitle, cell: ({ step }) => stepName(step) },
  {
    key: 'state',
    label: text.tenants.state,
    cell: (step) => <State step={step} stopped={!course.includes(step)} />,
  },
  { key: 'rows', label: text.move.rows, cell: (step) => <Rows step={step} /> },
  { key: 'match', label: text.move.match, cell: (step) => <Match step={step} /> },
];

function State({
  step: { started_at: started, finished_at: finished },
  stopped,
}: {
  step: Step;
  stopped: boolean;
}) {
  if (finished) return <Badge tone="good">{text.move.finished(moment(finished))}</Badge>;
  if (stopped) return <Badge>{text.move.stopped}</Badge>;
  return <Badge tone={started ? 'warn' : 'plain'}>{started ? text.move.running : text.move.toCome}</Badge>;
}

const LOG: Column<Happened>[] = [
  { key: 'at', label: text.audit.at, cell: ({ at }) => moment(at, true) },
  {
    key: 'what',
    label: text.audit.action,
    cell: ({ kind, step }) => text.move.happened[kind](stepName(step ?? '')),
  },
];

function Rows({ step }: { step: Step }) {
  const compared = comparedOf(step);
  if (compared) {
    const { rows, of, copied, differences } = compared;
    return differences === undefined
      ? text.move.copied(count(copied), count(of))
      : text.move.compared(count(rows), count(of));
  }
  const { event_rows: rows } = step.counts as { event_rows?: unknown };
  return typeof rows === 'number' ? text.move.removed(count(rows)) : text.none;
}

/** Whether both places have the same: a move goes on only if they do. */
function Match({ step }: { step: Step }) {
  const compared = comparedOf(step);
  if (compared?.differences === undefined) return text.none;
  if (compared.differences > 0)
    return <Badge tone="bad">{text.move.differ(count(compared.differences))}</Badge>;
  return step.finished_at ? <Badge tone="good">{text.move.same}</Badge> : text.move.sameSoFar;
}

function Begin({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const client = useQueryClient();
  const [tier, setTier] = useState<Tier>(tenant.isolation);
  const [cluster, setCluster] = useState(tenant.cluster);
  const here = tier === tenant.isolation && cluster === tenant.cluster;
  const { busy, error, submit } = useSubmit(async () => {
    const order = { params: { path: { id: tenant.id } }, body: { isolation: tier, cluster } };
    const begun = await body(api.POST('/v1/admin/tenants/{id}/move', order));
    client.setQueryData(moveKey(tenant.id), begun);
    onClose();
  });
  return (
    <Dialog title={text.move.beginTitle(tenant.name)} wide onClose={onClose}>
      <form className={controls.stack} onSubmit={submit}>
        <p>{text.move.beginHint}</p>
        <TierInput value={tier} onChange={setTier} />
        <ClusterInput value={cluster} onChange={setCluster} />
        {here && <p className="soft">{text.move.here}</p>}
        {error !== null && <ErrorBox error={error} />}
        <DialogFoot>
          <Button onClick={onClose}>{text.cancel}</Button>
          <Button type="submit" variant="primary" disabled={busy || here}>
            {text.move.action}
          </Button>
        </DialogFoot>
      </form>
    </Dialog>
  );
}
