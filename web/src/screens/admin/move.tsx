import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { admin, type MoveState, type TenantMove } from '../../api/additions';
import { asProblem } from '../../api/problem';
import { locale } from '../../data/me';
import { type Tenant, useClusters } from '../../data/tenants';
import { formatCount } from '../../format/values';
import { showMoment, viewerZone } from '../../format/zone';
import { Card } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import { Badge, Button, controls, Select, TextInput, type Tone } from '../../ui/controls';
import { ErrorBox, Skeleton } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import css from './admin.module.css';
import { TIERS } from './tenants';

const WATCH = 1_000;
const UNDER_WAY: readonly MoveState[] = ['running', 'waiting', 'backing_out'];
const TONES: Record<MoveState, Tone> = {
  running: 'warn',
  waiting: 'warn',
  done: 'good',
  failed: 'bad',
  backing_out: 'warn',
  backed_out: 'plain',
};
const SIGNS = { pending: '○', running: '◐', done: '●', failed: '✕' } as const;

/** Begins and watches the move of a tenant to another tier or cluster. */
export function Move({ tenant, onMoved }: { tenant: Tenant; onMoved: () => void }) {
  const client = useQueryClient();
  const key = ['admin', 'move', tenant.id];
  const { data, error, refetch } = useQuery({
    queryKey: key,
    queryFn: async () => {
      try {
        return await admin.move(tenant.id);
      } catch (failure) {
        // A tenant that has never been moved has no move.
        if (asProblem(failure).status === 404) return null;
        throw failure;
      }
    },
    refetchInterval: ({ state }) => (state.data && UNDER_WAY.includes(state.data.state) ? WATCH : false),
  });
  const [backing, setBacking] = useState(false);
  const again = async () => {
    await client.invalidateQueries({ queryKey: key });
    onMoved();
  };
  if (error) return <ErrorBox error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton height={160} />;
  const busy = data !== null && UNDER_WAY.includes(data.state);
  return (
    <div className={controls.stack}>
      {data === null ? (
        <p className="soft">{text.move.none}</p>
      ) : (
        <Progress move={data} onBackOut={() => setBacking(true)} />
      )}
      {!busy && <Start tenant={tenant} onStarted={again} />}
      {backing && (
        <Confirm
          title={text.move.backOutTitle}
          hint={text.move.backOutHint}
          action={text.move.backOut}
          work={async () => {
            await admin.backOut(tenant.id);
            await again();
          }}
          onClose={() => setBacking(false)}
        />
      )}
    </div>
  );
}

function Start({ tenant, onStarted }: { tenant: Tenant; onStarted: () => void }) {
  const clusters = useClusters();
  const [tier, setTier] = useState<(typeof TIERS)[number]>(tenant.isolation);
  const [cluster, setCluster] = useState(tenant.cluster);
  const start = useMutation({
    mutationFn: () => admin.startMove(tenant.id, { isolation: tier, cluster }),
    onSuccess: onStarted,
  });
  const unchanged = tier === tenant.isolation && cluster === tenant.cluster;
  return (
    <Card>
      <p>{text.move.intro}</p>
      <form
        className={`${controls.row} ${controls.end}`}
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        <Select
          label={text.move.to}
          value={tier}
          options={TIERS.map((each) => [each, text.tenants.tiers[each] ?? each] as const)}
          onChange={setTier}
        />
        <ClusterInput
          label={text.move.cluster}
          value={cluster}
          clusters={clusters.data}
          onChange={setCluster}
        />
        <Button type="submit" variant="primary" disabled={unchanged || start.isPending}>
          {text.move.start}
        </Button>
      </form>
      {start.error && <ErrorBox error={start.error} />}
    </Card>
  );
}

/** A choice of the clusters that are known; a text while they are not. */
export function ClusterInput({
  label,
  value,
  clusters,
  onChange,
}: {
  label: string;
  value: string;
  clusters: readonly { id: string }[] | undefined;
  onChange: (cluster: string) => void;
}) {
  if (!clusters || clusters.length === 0) {
    return <TextInput label={label} required value={value} onChange={onChange} />;
  }
  const ids = [...new Set([...clusters.map(({ id }) => id), value])].filter((id) => id !== '');
  return (
    <Select label={label} value={value} options={ids.map((id) => [id, id] as const)} onChange={onChange} />
  );
}

function Progress({ move, onBackOut }: { move: TenantMove; onBackOut: () => void }) {
  const columns: Column<TenantMove['counts'][number]>[] = [
    { key: 'table', label: text.move.table, cell: ({ table }) => <code>{table}</code> },
    {
      key: 'source',
      label: text.move.source,
      number: true,
      cell: ({ source }) => formatCount(source, locale),
    },
    {
      key: 'target',
      label: text.move.target,
      number: true,
      cell: ({ target }) => formatCount(target, locale),
    },
    {
      key: 'match',
      label: text.move.match,
      cell: ({ source, target }) => {
        if (source === null || target === null) return <Badge>{text.move.stepStates.pending}</Badge>;
        return source === target ? (
          <Badge tone="good">{text.move.match}</Badge>
        ) : (
          <Badge tone="warn">{text.move.differ}</Badge>
        );
      },
    },
  ];
  return (
    <Card>
      <div className={`${controls.row} ${controls.spread}`}>
        <p>
          {text.tenants.tiers[move.from.isolation]}, {move.from.cluster} →{' '}
          {text.tenants.tiers[move.to.isolation]}, {move.to.cluster}
        </p>
        <span className={controls.row} role="status">
          <Badge tone={TONES[move.state]}>{text.move.states[move.state]}</Badge>
          {move.can_back_out && (
            <Button small variant="danger" onClick={onBackOut}>
              {text.move.backOut}
            </Button>
          )}
        </span>
      </div>
      <ol className={css.steps}>
        {move.steps.map((step) => (
          <li key={step.name}>
            <span aria-hidden="true">{SIGNS[step.state]}</span>
            <span>
              {step.name} <span className="soft">{step.detail ?? text.move.stepStates[step.state]}</span>
            </span>
            {step.state === 'running' && (
              <progress
                aria-label={step.name}
                max={1}
                {...(step.progress === null ? {} : { value: step.progress })}
              />
            )}
          </li>
        ))}
      </ol>
      {move.counts.length > 0 && (
        <Table
          caption={text.move.counts}
          columns={columns}
          rows={move.counts}
          rowKey={({ table }) => table}
        />
      )}
      {move.log.length > 0 && (
        <details>
          <summary>{text.move.log}</summary>
          <pre className={css.log}>
            {move.log.map(
              ({ at, line }) => `${showMoment(Date.parse(at), viewerZone(), locale, true)}  ${line}\n`,
            )}
          </pre>
        </details>
      )}
    </Card>
  );
}
