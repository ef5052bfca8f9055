import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api, body } from '../../api/client';
import { Card, Section } from '../../shell/page';
import { text } from '../../text/en';
import { Check } from '../../ui/controls';
import { ErrorBox, Skeleton } from '../../ui/states';

const SECURITY = ['security'];

/** What the tenant requires of its users. */
export function Security() {
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: SECURITY,
    queryFn: () => body(api.GET('/v1/security')),
  });
  const put = useMutation({
    mutationFn: (needed: boolean) =>
      body(api.PUT('/v1/security', { body: { owners_need_second_factor: needed } })),
    onSuccess: (security) => client.setQueryData(SECURITY, security),
  });
  const failed = error ?? put.error;
  return (
    <Section title={text.security.title}>
      <Card>
        {failed && <ErrorBox error={failed} retry={() => void refetch()} />}
        {!error && !data && <Skeleton height={24} />}
        {data && (
          <Check
            checked={data.owners_need_second_factor}
            disabled={put.isPending}
            onChange={(needed) => put.mutate(needed)}
          >
            {text.security.ownersNeedFactor}
          </Check>
        )}
        <p className="soft">
          {text.security.hint} <Link href="/account">{text.factor.setUp}</Link>
        </p>
      </Card>
    </Section>
  );
}
