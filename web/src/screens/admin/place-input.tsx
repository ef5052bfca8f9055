import { type Cluster, useClusters } from '../../data/tenants';
import { text } from '../../text/en';
import { controls, Select, TextInput } from '../../ui/controls';
import css from './admin.module.css';
import { TIERS } from './tenants';

export type Tier = (typeof TIERS)[number];

/** A card for each tier, which says what it means. */
export function TierInput({ value, onChange }: { value: Tier; onChange: (tier: Tier) => void }) {
  return (
    <fieldset className={controls.stack}>
      <legend className={controls.label}>{text.onboard.tier}</legend>
      <div className={css.cards}>
        {TIERS.map((tier) => (
          <label key={tier} className={css.card}>
            <span className={css.title}>
              <input type="radio" name="tier" checked={value === tier} onChange={() => onChange(tier)} />
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
  );
}

const takesTenants = (cluster: Cluster) => !cluster.drained_since;

/** A choice of the clusters that take tenants; a text while they are not known. */
export function ClusterInput({ value, onChange }: { value: string; onChange: (cluster: string) => void }) {
  const { data } = useClusters();
  const open = (data ?? []).filter(takesTenants).map(({ name }) => name);
  const label = text.onboard.cluster;
  if (open.length === 0) return <TextInput label={label} required value={value} onChange={onChange} />;
  const options = [...new Set([value, ...open])].map((name) => [name, name] as const);
  return <Select label={label} required value={value} options={options} onChange={onChange} />;
}
