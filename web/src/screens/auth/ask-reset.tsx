import { useState } from 'react';
import { Link } from 'wouter';
import { account } from '../../api/additions';
import { Gate } from '../../shell/page';
import { text } from '../../text/en';
import { Button, controls, TextInput } from '../../ui/controls';
import { ErrorBox } from '../../ui/states';
import { useSubmit } from './login';

/** Asks for a link to choose a new password. The answer tells nobody which addresses have accounts. */
export function AskReset() {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const { busy, error, submit } = useSubmit(async () => {
    await account.askReset(email);
    setSent(true);
  });
  return (
    <Gate title={text.login.resetAskTitle}>
      {sent ? (
        <p role="status">{text.login.resetSent}</p>
      ) : (
        <form className={controls.stack} onSubmit={submit}>
          <p className="soft">{text.login.resetAskIntro}</p>
          <TextInput
            label={text.login.email}
            type="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={setEmail}
          />
          {error !== null && <ErrorBox error={error} />}
          <Button type="submit" variant="primary" disabled={busy}>
            {text.login.resetAskSubmit}
          </Button>
        </form>
      )}
      <Link href="/">{text.login.back}</Link>
    </Gate>
  );
}
