import { useState } from 'react';
import { Link } from 'wouter';
import { asProblem } from '../../api/problem';
import { useSubmit } from '../../hooks/use-submit';
import { rememberedTenant, rememberTenant } from '../../session/links';
import { type Account, session } from '../../session/session';
import { Gate } from '../../shell/page';
import { text } from '../../text/en';
import { Button, controls, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import { CodeForm, SetUpFactor } from './second-factor';

const SLUG = '[a-z0-9](?:[a-z0-9\\-]{0,38}[a-z0-9])?';

/** What a login asks for: first the password, then what the API says that it lacks. */
type Step = 'password' | 'second_factor_required' | 'second_factor_missing';

/** Login with a password and, for those who have one, a code of the second factor. */
export function Login() {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [tenant, setTenant] = useState(rememberedTenant);
  const [step, setStep] = useState<Step>('password');
  const account: Account = { email, password, ...(tenant === '' ? {} : { tenant }) };
  const login = async (code?: string) => {
    await session.login(account, code);
    rememberTenant(tenant);
  };
  const { busy, error, submit } = useSubmit(async () => {
    try {
      await login();
    } catch (failure) {
      const { code } = asProblem(failure);
      if (code !== 'second_factor_required' && code !== 'second_factor_missing') throw failure;
      setStep(code);
    }
  });
  if (step !== 'password') {
    return (
      <Gate title={text.factor.title}>
        {step === 'second_factor_required' ? (
          <CodeForm hint={text.factor.codeHint} action={text.login.submit} work={login} />
        ) : (
          <>
            <p className="soft">{text.factor.missing}</p>
            <SetUpFactor account={account} login={login} />
          </>
        )}
        <Button variant="quiet" onClick={() => setStep('password')}>
          {text.login.back}
        </Button>
      </Gate>
    );
  }
  const wrong = error !== null && asProblem(error).code === 'credential_invalid';
  return (
    <Gate title={text.login.title}>
      <form className={controls.stack} onSubmit={submit}>
        <TextInput
          label={text.login.email}
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={setEmail}
        />
        <TextInput
          label={text.login.password}
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={setPassword}
          error={wrong ? (tenant === '' ? text.login.wrong : text.login.wrongWithTenant) : undefined}
        />
        <TenantInput value={tenant} onChange={setTenant} />
        {error !== null && !wrong && <ErrorBox error={error} />}
        <Button type="submit" variant="primary" disabled={busy}>
          {text.login.submit}
        </Button>
      </form>
      <Link href="/forgot">{text.login.forgot}</Link>
    </Gate>
  );
}

/** The tenant, which only those need whose address has accounts of several. */
function TenantInput({ value, onChange }: { value: string; onChange: (tenant: string) => void }) {
  const [open] = useState(value !== '');
  return (
    <details open={open}>
      <summary>{text.login.several}</summary>
      <TextInput
        label={`${text.login.tenant} (${text.optional})`}
        hint={text.login.tenantHint}
        name="tenant"
        autoComplete="organization"
        autoCapitalize="none"
        pattern={SLUG}
        value={value}
        onChange={onChange}
      />
    </details>
  );
}
