import { Link } from 'wouter';
import { Gate } from '../../shell/page';
import { text } from '../../text/en';

/** Says who makes a link to choose another password: the platform sends no messages. */
export function Forgot() {
  return (
    <Gate title={text.login.forgotTitle}>
      <p>{text.login.forgotUser}</p>
      <p>{text.login.forgotOwner}</p>
      <Link href="/">{text.login.back}</Link>
    </Gate>
  );
}
