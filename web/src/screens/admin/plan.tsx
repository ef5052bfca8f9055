import type { components } from '../../api/schema';
import { locale } from '../../data/me';
import { formatCount } from '../../format/values';
import { Facts } from '../../shell/page';
import { text } from '../../text/en';
import css from './admin.module.css';

type TenantFile = components['schemas']['TenantFile'];

/** What will be made of an order, before it is. */
export function Plan({ order }: { order: TenantFile }) {
  const { id, name, isolation, cluster, time_zone: zone, currency, retention_days: retention } = order;
  const { keys = [], users = [] } = order;
  const names = Object.entries(text.tenants.limitNames);
  const limits = names.flatMap(([limit, label]) => {
    const number = (order.limits as Record<string, unknown> | undefined)?.[limit];
    return typeof number === 'number' ? [`${label}: ${formatCount(number, locale)}`] : [];
  });
  const shown = (value: string) => value || text.none;
  return (
    <section className={css.plan} aria-label={text.onboard.plan}>
      <h2>{text.onboard.plan}</h2>
      <Facts
        facts={[
          [text.onboard.name, id === '' ? shown(name) : `${name} (${id})`],
          [text.onboard.tier, text.onboard.places[isolation](shown(cluster))],
          [text.onboard.zone, shown(zone)],
          [text.onboard.currency, shown(currency)],
          [
            text.tenants.retention,
            retention == null ? text.onboard.default : text.tenants.days(formatCount(retention, locale)),
          ],
          [text.onboard.limits, limits.join(', ') || text.onboard.default],
          [text.tenants.keys, shown(keys.map(({ name: key, kind }) => `${key} (${kind})`).join(', '))],
          [text.onboard.invited, shown(users.map(({ email }) => email).join(', '))],
        ]}
      />
    </section>
  );
}
