import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { api, body } from '../../api/client';
import type { components } from '../../api/schema';
import { TENANTS } from '../../data/tenants';
import { useSubmit } from '../../hooks/use-submit';
import { writeLink } from '../../session/links';
import { Card, Page } from '../../shell/page';
import { text } from '../../text/en';
import { Button, buttonClass, Check, controls, DialogFoot, Secret, TextInput } from '../../ui/controls';
import { ZoneInput } from '../../ui/period-picker';
import { ErrorBox } from '../../ui/states';
import { ClusterInput, type Tier, TierInput } from './place-input';
import { Plan } from './plan';

type TenantFile = components['schemas']['TenantFile'];
type Onboarded = components['schemas']['OnboardedTenant'];

interface Form {
  id: string;
  name: string;
  tier: Tier;
  cluster: string;
  zone: string;
  currency: string;
  retention: string;
  limits: Record<string, string>;
  owner: string;
  collectKey: boolean;
}

const EMPTY: Form = {
  id: '',
  name: '',
  tier: 'shared',
  cluster: '',
  zone: '',
  currency: '',
  retention: '',
  limits: {},
  owner: '',
  collectKey: true,
};

const LIMITS = [
  'events_per_second',
  'concurrent_queries',
  'live_streams',
  'partition_spread',
  'query_seconds',
  'query_rows',
  'query_memory_mib',
] as const;

function orderOf(form: Form): TenantFile {
  const limits = Object.fromEntries(
    LIMITS.flatMap((name) => (form.limits[name] ? [[name, Number(form.limits[name])]] : [])),
  );
  return {
    id: form.id,
    name: form.name,
    isolation: form.tier,
    cluster: form.cluster,
    time_zone: form.zone,
    currency: form.currency.toUpperCase(),
    ...(form.retention === '' ? {} : { retention_days: Number(form.retention) }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(form.collectKey ? { keys: [{ name: 'collect', kind: 'collect' as const }] } : {}),
    ...(form.owner === '' ? {} : { users: [{ email: form.owner, role: 'owner' as const }] }),
  };
}

export default function Onboard() {
  const [form, setForm] = useState(EMPTY);
  const [made, setMade] = useState<Onboarded | null>(null);
  const client = useQueryClient();
  const create = useSubmit(async () => {
    setMade(await body(api.POST('/v1/admin/tenants', { body: orderOf(form) })));
    await client.invalidateQueries({ queryKey: TENANTS });
  });
  const change = (part: Partial<Form>) => setForm({ ...form, ...part });
  if (made) {
    return (
      <Done
        made={made}
        onAnother={() => {
          setMade(null);
          setForm(EMPTY);
        }}
      />
    );
  }
  return (
    <Page title={text.onboard.title}>
      <Card>
        <form className={controls.stack} onSubmit={create.submit}>
          <Inputs form={form} change={change} />
          <Plan order={orderOf(form)} />
          {create.error !== null && <ErrorBox error={create.error} />}
          <DialogFoot>
            <Button type="submit" variant="primary" disabled={create.busy}>
              {text.onboard.create}
            </Button>
          </DialogFoot>
        </form>
      </Card>
    </Page>
  );
}

function Inputs({ form, change }: { form: Form; change: (part: Partial<Form>) => void }) {
  return (
    <>
      <div className={controls.pair}>
        <TextInput
          label={text.onboard.name}
          required
          maxLength={200}
          autoFocus
          value={form.name}
          onChange={(name) => change({ name })}
        />
        <TextInput
          label={text.onboard.id}
          hint={text.onboard.idHint}
          required
          pattern="[a-z0-9](?:[a-z0-9\-]{0,38}[a-z0-9])?"
          value={form.id}
          onChange={(id) => change({ id })}
        />
      </div>
      <TierInput value={form.tier} onChange={(tier) => change({ tier })} />
      <div className={controls.pair}>
        <ClusterInput value={form.cluster} onChange={(cluster) => change({ cluster })} />
        <ZoneInput
          label={text.onboard.zone}
          hint={text.onboard.zoneHint}
          value={form.zone}
          onChange={(zone) => change({ zone })}
        />
        <TextInput
          label={text.onboard.currency}
          hint={text.onboard.currencyHint}
          required
          pattern="[A-Za-z]{3}"
          maxLength={3}
          value={form.currency}
          onChange={(currency) => change({ currency })}
        />
        <TextInput
          label={`${text.onboard.retention} (${text.optional})`}
          type="number"
          min={1}
          value={form.retention}
          onChange={(retention) => change({ retention })}
        />
      </div>
      <details>
        <summary>{text.onboard.limits}</summary>
        <p className="soft">{text.onboard.limitsHint}</p>
        <div className={controls.pair}>
          {LIMITS.map((name) => (
            <TextInput
              key={name}
              label={text.tenants.limitNames[name]}
              type="number"
              min={1}
              value={form.limits[name] ?? ''}
              onChange={(value) => change({ limits: { ...form.limits, [name]: value } })}
            />
          ))}
        </div>
      </details>
      <div className={controls.pair}>
        <TextInput
          label={`${text.onboard.owner} (${text.optional})`}
          type="email"
          value={form.owner}
          onChange={(owner) => change({ owner })}
        />
        <Check checked={form.collectKey} onChange={(collectKey) => change({ collectKey })}>
          {text.onboard.collectKey}
        </Check>
      </div>
    </>
  );
}

function Done({ made, onAnother }: { made: Onboarded; onAnother: () => void }) {
  return (
    <Page title={text.onboard.done(made.tenant.name)}>
      <Card>
        <p>{text.onboard.doneHint}</p>
        {made.keys.map(({ name, key }) => (
          <Secret key={name} label={text.onboard.secret(name)} value={key} />
        ))}
        {made.users.map(({ email, invitation }) => (
          <Secret
            key={email}
            label={text.onboard.invitation(email)}
            value={writeLink('invitation', { token: invitation.token, tenant: made.tenant.id })}
          />
        ))}
        <DialogFoot>
          <Button onClick={onAnother}>{text.onboard.another}</Button>
          <Link href={`/admin/tenants/${encodeURIComponent(made.tenant.id)}`} className={buttonClass}>
            {text.onboard.open}
          </Link>
        </DialogFoot>
      </Card>
    </Page>
  );
}
