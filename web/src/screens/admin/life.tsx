import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, body } from '../../api/client';
import { locale } from '../../data/me';
import { type Offboarding, TENANTS, type Tenant, useOffboarding } from '../../data/tenants';
import { showMoment, viewerZone } from '../../format/zone';
import { Card, Facts, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Confirm } from '../../ui/confirm';
import { Badge, Button, controls, Secret, TextInput } from '../../ui/controls';
import { ErrorBox, Skeleton } from '../../ui/states';
import { type Column, Table } from '../../ui/table';
import { STATE_TONES } from './tenants';

/** The most characters of a reason. */
export const LONGEST_REASON = 500;
const moment = (instant: string) => showMoment(Date.parse(instant), viewerZone(), locale);

/** The state of a tenant, and what may be done to it. */
export function Life({ tenant }: { tenant: Tenant }) {
  const client = useQueryClient();
  const [ending, setEnding] = useState<'suspend' | 'offboard' | null>(null);
  const [reason, setReason] = useState('');
  const [grace, setGrace] = useState('30');
  const params = { path: { id: tenant.id } };
  const again = async () => {
    await client.invalidateQueries({ queryKey: ['admin', 'tenant', tenant.id] });
    await client.invalidateQueries({ queryKey: ['admin', 'offboarding', tenant.id] });
    await client.invalidateQueries({ queryKey: TENANTS });
  };
  const resume = useMutation({
    mutationFn: () => body(api.POST('/v1/admin/tenants/{id}/resume', { params })),
    onSettled: again,
  });
  const end = async () => {
    if (ending === 'suspend') {
      await body(api.POST('/v1/admin/tenants/{id}/suspend', { params, body: { reason } }));
    } else {
      const order = { reason, grace_days: Number(grace) };
      await body(api.DELETE('/v1/admin/tenants/{id}', { params, body: order }));
    }
    setReason('');
    await again();
  };
  const { state } = tenant;
  return (
    <div className={controls.row}>
      <Badge tone={STATE_TONES[state]}>{text.tenants.states[state]}</Badge>
      {(state === 'suspended' || state === 'offboarding') && (
        <Button disabled={resume.isPending} onClick={() => resume.mutate()}>
          {text.tenants.resume}
        </Button>
      )}
      {state === 'active' && (
        <Button variant="danger" onClick={() => setEnding('suspend')}>
          {text.tenants.suspend}
        </Button>
      )}
      {(state === 'active' || state === 'suspended') && (
        <Button variant="danger" onClick={() => setEnding('offboard')}>
          {text.tenants.offboard}
        </Button>
      )}
      {resume.error && <ErrorBox error={resume.error} />}
      {ending && (
        <Confirm
          title={text.tenants.endTitles[ending](tenant.name)}
          hint={text.tenants.endHints[ending]}
          action={text.tenants[ending]}
          typed={tenant.id}
          work={end}
          onClose={() => setEnding(null)}
        >
          <TextInput
            label={text.tenants.reason}
            hint={text.tenants.reasonHint}
            required
            maxLength={LONGEST_REASON}
            autoFocus
            value={reason}
            onChange={setReason}
          />
          {ending === 'offboard' && (
            <TextInput
              label={text.tenants.grace}
              type="number"
              required
              min={0}
              max={365}
              value={grace}
              onChange={setGrace}
            />
          )}
        </Confirm>
      )}
    </div>
  );
}

/** How far the end of a tenant is, and the receipt of what was erased. */
export function End({ tenant }: { tenant: Tenant }) {
  const { data, error, refetch } = useOffboarding(tenant);
  const columns: Column<Offboarding['steps'][number]>[] = [
    { key: 'step', label: text.offboarding.step, cell: ({ step }) => <code>{step}</code> },
    {
      key: 'state',
      label: text.tenants.state,
      cell: ({ started_at: started, finished_at: finished }) =>
        finished ? (
          <Badge tone="good">{text.offboarding.erased(moment(finished))}</Badge>
        ) : (
          <Badge tone={started ? 'warn' : 'plain'}>
            {started ? text.offboarding.running : text.offboarding.toCome}
          </Badge>
        ),
    },
    {
      key: 'counts',
      label: text.offboarding.counts,
      cell: ({ counts }) =>
        Object.entries(counts)
          .map(([name, count]) => `${name}: ${String(count)}`)
          .join(' · ') || text.none,
    },
  ];
  return (
    <Section title={text.offboarding.title}>
      {error && <ErrorBox error={error} retry={() => void refetch()} />}
      {!error && !data && <Skeleton height={160} />}
      {data && (
        <>
          <Card>
            <Facts
              facts={[
                [text.tenants.state, text.offboarding.states[data.state]],
                [text.offboarding.begun, moment(data.begun_at)],
                [text.offboarding.by, data.begun_by],
                [text.tenants.reason, data.reason],
                [text.offboarding.graceEnds, moment(data.grace_ends_at)],
              ]}
            />
            {data.receipt && <Secret label={text.offboarding.receipt} value={data.receipt.text} />}
          </Card>
          {data.steps.length > 0 && (
            <Table
              caption={text.offboarding.title}
              columns={columns}
              rows={data.steps}
              rowKey={({ step }) => step}
            />
          )}
        </>
      )}
    </Section>
  );
}
