# English. Keys begin with the kind of letter; every language has the same keys with the same values.
# A name in a sentence is what a stranger chose: keep it where it cannot change the meaning.

-not-me = Wasn't this you?

greeting = Hello,
greeting-name = Hello { $username },
action-hint = If the button does not work, open this address in your browser:

fact-app = App
fact-time = Time
fact-device = Device
fact-address = IP address

valid-link = The link works once, for the next { $minutes ->
        [one] minute
       *[other] { $minutes } minutes
    }.
valid-link-and-code = The link and the code work once, for the next { $minutes ->
        [one] minute
       *[other] { $minutes } minutes
    }.

reason-account = You get this mail because this address belongs to the account { $username } at { $site }. Mail about the safety of an account cannot be switched off.
reason-entered = You get this mail because somebody entered this address at { $site }.
reason-invited = You get this mail because somebody invited this address to { $site }.
reason-new-address = You get this mail because somebody entered this address for the account { $username } at { $site }.
reason-old-address = You get this mail because this address belonged to the account { $username } at { $site }.
reason-deleted = You get this mail because this address belonged to an account at { $site }.
reason-test = You get this mail because somebody who runs { $site } tried out its mail settings.

## The address of a new account

verify-email-subject = Confirm your email address
verify-email-intro = One step is left: confirm that this address is yours.
verify-email-intro-app = One step is left before you can go on to { $app }: confirm that this address is yours.
verify-email-action = Confirm address
verify-email-code = Or type this code on the page that asks for it:
verify-email-aside-title = { -not-me }
verify-email-aside = Then do nothing. Without the confirmation nobody can use this address.

address-known-subject = You already have an account
address-known-intro = Somebody, probably you, wanted to create an account at { $site } with this address. There is one already, so nothing was changed. You can simply sign in.
address-known-action = Sign in
address-known-aside-title = Forgot your password?
address-known-aside = You can choose a new one. If it was not you who tried, do nothing.
address-known-aside-action = Choose a new password

invitation-subject = Your invitation to { $site }
invitation-intro = You are invited to create an account at { $site }.
invitation-intro-inviter = { $inviter } invites you to create an account at { $site }.
invitation-valid = The invitation can be accepted once, for the next { $hours ->
        [one] hour
       *[other] { $hours } hours
    }.
invitation-action = Accept invitation
invitation-aside-title = Don't know what this is about?
invitation-aside = Then do nothing. No account is created without you.

account-made-subject = Your account at { $site }
account-made-intro = An account was made for you at { $site }. Choose a password, and you can sign in.
account-made-valid = The link works once, for the next { $hours ->
        [one] hour
       *[other] { $hours } hours
    }. Later, ask for a new one on the sign-in page.
account-made-action = Choose a password
account-made-aside-title = Don't know what this is about?
account-made-aside = Then do nothing. Nobody can use the account without this link.

## Passwords

reset-password-subject = Choose a new password
reset-password-intro = Somebody, probably you, asked for a new password for your account at { $site }. Your password stays as it is until you choose another one.
reset-password-action = Choose a new password
reset-password-aside-title = { -not-me }
reset-password-aside = Then do nothing, and do not pass the link on. Without it your password cannot be changed this way.

reset-without-password-subject = How to sign in to your account
reset-without-password-intro = Somebody, probably you, asked for a new password for your account at { $site }. This account has no password here that could be changed.
reset-without-password-directory = You sign in with the password of { $place }. Please change it there, or ask the people who look after it.
reset-without-password-provider = You sign in through { $place }. If you cannot get in there, its own help can.
reset-without-password-passkey = You sign in with a passkey. Use the device that holds it, and choose "Sign in with a passkey".
reset-without-password-action = Go to sign-in
reset-without-password-aside-title = { -not-me }
reset-without-password-aside = Then do nothing. Your account was not changed.

password-changed-subject = Your password was changed
password-changed-intro = The password of your account at { $site } is a new one. If you changed it, all is well.
password-changed-aside-title = { -not-me }
password-changed-aside = Then somebody else may be in your account. Choose a new password right away.
password-changed-aside-action = Choose a new password

## Addresses of an account

email-change-verify-subject = Confirm your new email address
email-change-verify-intro = Please confirm that { $new-address } is to be the address of your account at { $site }. Until then, the old one stays.
email-change-verify-action = Confirm address
email-change-verify-code = Or type this code on the page that asks for it:
email-change-verify-aside-title = { -not-me }
email-change-verify-aside = Then do nothing. Without the confirmation this address is not used.

email-changed-subject = Your email address was changed
email-changed-intro = The address of your account at { $site } was changed from { $old-address } to { $new-address }. If you changed it, all is well.
email-changed-undo = If it was not you, undo the change. This is possible for { $days ->
        [one] one day
       *[other] { $days } days
    }.
email-changed-action = Undo this change

email-removed-subject = An email address was removed
email-removed-intro = The address { $address } no longer belongs to your account at { $site }.
email-removed-aside-title = { -not-me }
email-removed-aside = Then somebody else may be in your account. Check its addresses, passwords and devices.
email-removed-aside-action = Check my account

## Sign-ins

new-device-subject = New sign-in to your account
new-device-intro = Somebody signed in to your account at { $site } from a device we have not seen before. If it was you, there is nothing to do.
new-device-aside-title = { -not-me }
new-device-aside = We help you to lock the other person out.
new-device-aside-action = This wasn't me

magic-link-subject = Your link to sign in
magic-link-intro = With this link you sign in to your account at { $site }.
magic-link-intro-app = With this link you sign in to { $app }.
magic-link-action = Sign in
magic-link-code = Go on only if the page where you started shows this code:
magic-link-aside-title = { -not-me }
magic-link-aside = Then do nothing, and do not pass the link on: it signs in whoever opens it.

sign-in-throttled-subject = Many failed attempts to sign in
sign-in-throttled-intro = Somebody tried many times to sign in to your account at { $site } and failed. To protect you, further attempts have to wait a while. The latest one:
sign-in-throttled-aside-title = { -not-me }
sign-in-throttled-aside = These attempts failed. If your password is short or used elsewhere, choose a new one.
sign-in-throttled-aside-action = Choose a new password

refresh-reused-subject = An app was signed out to protect you
refresh-reused-intro = The app { $app } showed us a key that had been used before. This happens when somebody copies the key, rarely also when an app fails.
refresh-reused-advice = We ended the app's access to your account at { $site }. Please sign in to it again, and check the list of your sessions for any you do not know.
refresh-reused-action = Check sessions

## The end of an account

account-deletion-planned-subject = Your account will be deleted
account-deletion-planned-intro = Your account at { $site } will be deleted on { $due }, as was asked for.
account-deletion-planned-keep = If you want to keep it, sign in before that day.
account-deletion-planned-action = Sign in and keep my account
account-deletion-planned-aside-title = { -not-me }
account-deletion-planned-aside = Then sign in now and choose a new password.

account-deleted-subject = Your account was deleted
account-deleted-intro = Your account { $username } at { $site } was deleted. Thank you for having been with us.
account-deleted-aside-title = { -not-me }
account-deleted-aside = Then please tell the people who run { $site }.
account-deleted-aside-action = Open { $site }

## API keys

api-key-created-subject = A new API key for your account
api-key-created-intro = The API key { $name } was created for your account at { $site }. Whoever has it can act in your name.
api-key-created-aside-title = { -not-me }
api-key-created-aside = Then sign in, delete the key and choose a new password.
api-key-created-aside-action = Open { $site }

api-key-expiring-subject = An API key ends soon
api-key-expiring-intro = Your API key { $name } at { $site } works until { $date }. Create a new one before that day, if you still need it.
api-key-expiring-action = Open { $site }

## Text messages

text-phone-code = { $code } is your code at { $site }. It works for { $minutes } minutes. Give it to nobody.

## Trying out

test-subject = Test mail from { $site }
test-intro = Mail from { $site } arrives. There is nothing to do.
