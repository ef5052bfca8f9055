import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { admin, type TenantPlan } from '../../api/additions';
import { api, body } from '../../api/client';
import { asProblem } from '../../api/problem';
import type { components } from '../../api/schema';
import { TENANTS, useClusters } from '../../data/tenants';
import { useSubmit } from '../../hooks/use-submit';
import { writeLink } from '../../session/links';
import { Card, Page } from '../../shell/page';
import { text } from '../../text/en';
import { Button, buttonClass, Check, controls, DialogFoot, Secret, TextInput } from '../../ui/controls';
import { ZoneInput } from '../../ui/period-picker';
import { ErrorBox } from '../../ui/states';
import css from './admin.module.css';
import { ClusterInput } from './move';
import { TIERS } from './tenants';

type TenantFile = components['schemas']['TenantFile'];
type Onboarded = components['schemas']['OnboardedTenant'];

interface Form {
  id: string;
  name: string;
  tier: (typeof TIERS)[number];
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
  cluster: 'shared',
  zone: '',
  currency: '',
  retention: '',
  limits: {},
  owner: '',
  collectKey: true,
};

const LIMITS = ['events_per_second', 'concurrent_queries', 'live_streams', 'partition_spread'] as const;

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
  const [plan, setPlan] = useState<TenantPlan | null>(null);
  const [made, setMade] = useState<Onboarded | null>(null);
  const client = useQueryClient();
  const preview = useSubmit(async () => setPlan(await planOf(form)));
  const create = useSubmit(async () => {
    setMade(await body(api.POST('/v1/admin/tenants', { body: orderOf(form) })));
    await client.invalidateQueries({ queryKey: TENANTS });
  });
  const change = (part: Partial<Form>) => {
    setForm({ ...form, ...part });
    setPlan(null);
  };
  if (made) {
    return (
      <Done
        made={made}
        onAnother={() => {
          setMade(null);
          setPlan(null);
          setForm(EMPTY);
        }}
      />
    );
  }
  return (
    <Page title={text.onboard.title}>
      <Card>
        <form
          className={controls.stack}
          onSubmit={plan && plan.errors.length === 0 ? create.submit : preview.submit}
        >
          <Inputs form={form} change={change} />
          {(preview.error ?? create.error) !== null && <ErrorBox error={preview.error ?? create.error} />}
          {plan && <Plan plan={plan} />}
          <DialogFoot>
            {plan && plan.errors.length === 0 ? (
              <Button type="submit" variant="primary" disabled={create.busy}>
                {text.onboard.create}
              </Button>
            ) : (
              <Button type="submit" variant="primary" disabled={preview.busy}>
                {text.onboard.plan}
              </Button>
            )}
          </DialogFoot>
        </form>
      </Card>
    </Page>
  );
}

/** Returns what onboarding would do, as the API says it; an API without previews is asked nothing. */
async function planOf(form: Form): Promise<TenantPlan> {
  try {
    return await admin.plan(orderOf(form));
  } catch (error) {
    if (![404, 405].includes(asProblem(error).status)) throw error;
    return { steps: knownSteps(form), errors: [] };
  }
}

function knownSteps({ id, tier, cluster, collectKey, owner }: Form): TenantPlan['steps'] {
  const { planSteps } = text.onboard;
  const place = {
    shared: planSteps.shared(cluster),
    schema: planSteps.schema(cluster),
    dedicated: planSteps.dedicated(cluster),
  }[tier];
  const details = [planSteps.record(id), place];
  if (collectKey) details.push(planSteps.key);
  if (owner !== '') details.push(planSteps.owner(owner));
  return details.map((detail) => ({ what: '', detail }));
}

function Plan({ plan }: { plan: TenantPlan }) {
  return (
    <section className={controls.stack} aria-live="polite" aria-label={text.onboard.planTitle}>
      <h2>{text.onboard.planTitle}</h2>
      <p className="soft">{text.onboard.planIntro}</p>
      <ol className={css.plan}>
        {plan.steps.map(({ what, detail }) => (
          <li key={what + detail}>
            {what} {detail}
          </li>
        ))}
      </ol>
      {plan.errors.map(({ pointer, reason }) => (
        <p key={pointer + reason} className={controls.error}>
          <code>{pointer}</code> {reason}
        </p>
      ))}
    </section>
  );
}

function Inputs({ form, change }: { form: Form; change: (part: Partial<Form>) => void }) {
  const clusters = useClusters();
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
      <fieldset className={controls.stack}>
        <legend className={controls.label}>{text.onboard.tier}</legend>
        <div className={css.cards}>
          {TIERS.map((tier) => (
            <label key={tier} className={css.card}>
              <span className={css.title}>
                <input
                  type="radio"
                  name="tier"
                  checked={form.tier === tier}
                  onChange={() => change({ tier, cluster: tier === 'dedicated' ? 'dedicated' : 'shared' })}
                />
                {text.onboard.tierCards[tier]?.title}
              </span>
              <ul>
                {text.onboard.tierCards[tier]?.points.map((point) => (
                  <li key={point}>{point}</li>
                ))}
              </ul>
            </label>
          ))}
        </div>
      </fieldset>
      <div className={controls.pair}>
        <ClusterInput
          label={text.onboard.cluster}
          value={form.cluster}
          clusters={clusters.data}
          onChange={(cluster) => change({ cluster })}
        />
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
