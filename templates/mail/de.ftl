# Deutsch. Wir sagen "Sie", schreiben schlicht und geben niemandem die Schuld.
# Die Schlüssel und ihre Werte sind in jeder Sprache dieselben.

-not-me = Das waren nicht Sie?

greeting = Guten Tag,
greeting-name = Guten Tag { $username },
action-hint = Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse im Browser:

fact-app = App
fact-time = Zeit
fact-device = Gerät
fact-address = IP-Adresse

valid-link = Der Link gilt einmal und nur { $minutes ->
        [one] eine Minute
       *[other] { $minutes } Minuten
    } lang.
valid-link-and-code = Link und Code gelten einmal und nur { $minutes ->
        [one] eine Minute
       *[other] { $minutes } Minuten
    } lang.

reason-account = Sie erhalten diese E-Mail, weil diese Adresse zum Konto { $username } bei { $site } gehört. E-Mails zur Sicherheit eines Kontos lassen sich nicht abbestellen.
reason-entered = Sie erhalten diese E-Mail, weil jemand diese Adresse bei { $site } eingegeben hat.
reason-invited = Sie erhalten diese E-Mail, weil jemand diese Adresse zu { $site } eingeladen hat.
reason-new-address = Sie erhalten diese E-Mail, weil jemand diese Adresse für das Konto { $username } bei { $site } eingegeben hat.
reason-old-address = Sie erhalten diese E-Mail, weil diese Adresse zum Konto { $username } bei { $site } gehörte.
reason-deleted = Sie erhalten diese E-Mail, weil diese Adresse zu einem Konto bei { $site } gehörte.
reason-test = Sie erhalten diese E-Mail, weil jemand, der { $site } betreibt, die Mail-Einstellungen ausprobiert hat.

## Die Adresse eines neuen Kontos

verify-email-subject = Bestätigen Sie Ihre E-Mail-Adresse
verify-email-intro = Ein Schritt fehlt noch: Bestätigen Sie, dass diese Adresse Ihnen gehört.
verify-email-intro-app = Ein Schritt fehlt noch, dann geht es weiter zu { $app }: Bestätigen Sie, dass diese Adresse Ihnen gehört.
verify-email-action = Adresse bestätigen
verify-email-code = Oder geben Sie diesen Code auf der Seite ein, die danach fragt:
verify-email-aside-title = { -not-me }
verify-email-aside = Dann tun Sie nichts. Ohne die Bestätigung kann niemand diese Adresse verwenden.

address-known-subject = Sie haben schon ein Konto
address-known-intro = Jemand, vermutlich Sie, wollte mit dieser Adresse ein Konto bei { $site } anlegen. Es gibt schon eines, daher wurde nichts geändert. Sie können sich einfach anmelden.
address-known-action = Anmelden
address-known-aside-title = Passwort vergessen?
address-known-aside = Sie können ein neues wählen. Wenn nicht Sie es waren, tun Sie nichts.
address-known-aside-action = Neues Passwort wählen

invitation-subject = Ihre Einladung zu { $site }
invitation-intro = Sie sind eingeladen, ein Konto bei { $site } anzulegen.
invitation-intro-inviter = { $inviter } lädt Sie ein, ein Konto bei { $site } anzulegen.
invitation-valid = Die Einladung gilt einmal und nur { $hours ->
        [one] eine Stunde
       *[other] { $hours } Stunden
    } lang.
invitation-action = Einladung annehmen
invitation-aside-title = Sie wissen nicht, worum es geht?
invitation-aside = Dann tun Sie nichts. Ohne Sie wird kein Konto angelegt.

account-made-subject = Ihr Konto bei { $site }
account-made-intro = Bei { $site } wurde ein Konto für Sie angelegt. Wählen Sie ein Passwort, dann können Sie sich anmelden.
account-made-valid = Der Link gilt einmal und nur { $hours ->
        [one] eine Stunde
       *[other] { $hours } Stunden
    } lang. Danach fordern Sie auf der Anmeldeseite einen neuen an.
account-made-action = Passwort wählen
account-made-aside-title = Sie wissen nicht, worum es geht?
account-made-aside = Dann tun Sie nichts. Ohne diesen Link kann niemand das Konto benutzen.

## Passwörter

reset-password-subject = Wählen Sie ein neues Passwort
reset-password-intro = Jemand, vermutlich Sie, hat ein neues Passwort für Ihr Konto bei { $site } angefordert. Ihr Passwort bleibt, wie es ist, bis Sie ein anderes wählen.
reset-password-action = Neues Passwort wählen
reset-password-aside-title = { -not-me }
reset-password-aside = Dann tun Sie nichts und geben Sie den Link nicht weiter. Ohne ihn lässt sich Ihr Passwort so nicht ändern.

reset-without-password-subject = So melden Sie sich an
reset-without-password-intro = Jemand, vermutlich Sie, hat ein neues Passwort für Ihr Konto bei { $site } angefordert. Dieses Konto hat hier kein Passwort, das sich ändern ließe.
reset-without-password-directory = Sie melden sich mit dem Passwort von { $place } an. Bitte ändern Sie es dort, oder fragen Sie dort um Hilfe.
reset-without-password-provider = Sie melden sich über { $place } an. Wenn Sie dort nicht hineinkommen, hilft Ihnen die Hilfe dort weiter.
reset-without-password-passkey = Sie melden sich mit einem Passkey an. Nehmen Sie das Gerät, auf dem er liegt, und wählen Sie die Anmeldung mit Passkey.
reset-without-password-action = Zur Anmeldung
reset-without-password-aside-title = { -not-me }
reset-without-password-aside = Dann tun Sie nichts. An Ihrem Konto wurde nichts geändert.

password-changed-subject = Ihr Passwort wurde geändert
password-changed-intro = Ihr Konto bei { $site } hat ein neues Passwort. Wenn Sie es geändert haben, ist alles in Ordnung.
password-changed-aside-title = { -not-me }
password-changed-aside = Dann ist vielleicht jemand anderes in Ihrem Konto. Wählen Sie sofort ein neues Passwort.
password-changed-aside-action = Neues Passwort wählen

## Adressen eines Kontos

email-change-verify-subject = Bestätigen Sie Ihre neue E-Mail-Adresse
email-change-verify-intro = Bitte bestätigen Sie, dass { $new-address } die Adresse Ihres Kontos bei { $site } werden soll. Bis dahin bleibt die alte.
email-change-verify-action = Adresse bestätigen
email-change-verify-code = Oder geben Sie diesen Code auf der Seite ein, die danach fragt:
email-change-verify-aside-title = { -not-me }
email-change-verify-aside = Dann tun Sie nichts. Ohne die Bestätigung wird diese Adresse nicht verwendet.

email-changed-subject = Ihre E-Mail-Adresse wurde geändert
email-changed-intro = Die Adresse Ihres Kontos bei { $site } wurde von { $old-address } in { $new-address } geändert. Wenn Sie das waren, ist alles in Ordnung.
email-changed-undo = Wenn nicht, machen Sie die Änderung rückgängig. Das geht { $days ->
        [one] einen Tag
       *[other] { $days } Tage
    } lang.
email-changed-action = Änderung rückgängig machen

email-removed-subject = Eine E-Mail-Adresse wurde entfernt
email-removed-intro = Die Adresse { $address } gehört nicht mehr zu Ihrem Konto bei { $site }.
email-removed-aside-title = { -not-me }
email-removed-aside = Dann ist vielleicht jemand anderes in Ihrem Konto. Prüfen Sie Adressen, Passwörter und Geräte.
email-removed-aside-action = Mein Konto prüfen

## Anmeldungen

new-device-subject = Neue Anmeldung bei Ihrem Konto
new-device-intro = Jemand hat sich von einem Gerät, das wir noch nicht kennen, bei Ihrem Konto bei { $site } angemeldet. Wenn Sie das waren, ist nichts zu tun.
new-device-aside-title = { -not-me }
new-device-aside = Wir helfen Ihnen, die andere Person auszusperren.
new-device-aside-action = Das war ich nicht

magic-link-subject = Ihr Link zur Anmeldung
magic-link-intro = Mit diesem Link melden Sie sich bei Ihrem Konto bei { $site } an.
magic-link-intro-app = Mit diesem Link melden Sie sich bei { $app } an.
magic-link-action = Anmelden
magic-link-code = Fahren Sie nur fort, wenn die Seite, auf der Sie begonnen haben, diesen Code zeigt:
magic-link-aside-title = { -not-me }
magic-link-aside = Dann tun Sie nichts und geben Sie den Link nicht weiter: Er meldet an, wer ihn öffnet.

sign-in-throttled-subject = Viele fehlgeschlagene Anmeldungen
sign-in-throttled-intro = Jemand hat oft vergeblich versucht, sich bei Ihrem Konto bei { $site } anzumelden. Zu Ihrem Schutz müssen weitere Versuche eine Weile warten. Der letzte Versuch:
sign-in-throttled-aside-title = { -not-me }
sign-in-throttled-aside = Diese Versuche sind gescheitert. Wenn Ihr Passwort kurz ist oder auch anderswo gilt, wählen Sie ein neues.
sign-in-throttled-aside-action = Neues Passwort wählen

refresh-reused-subject = Eine App wurde zu Ihrem Schutz abgemeldet
refresh-reused-intro = Die App { $app } hat uns einen Schlüssel gezeigt, der schon benutzt war. Das kommt vor, wenn jemand den Schlüssel kopiert, selten auch durch einen Fehler der App.
refresh-reused-advice = Wir haben den Zugang der App zu Ihrem Konto bei { $site } beendet. Bitte melden Sie sich dort neu an und sehen Sie nach, ob Sie alle Ihre Sitzungen kennen.
refresh-reused-action = Sitzungen prüfen

## Das Ende eines Kontos

account-deletion-planned-subject = Ihr Konto wird gelöscht
account-deletion-planned-intro = Ihr Konto bei { $site } wird am { $due } gelöscht, wie gewünscht.
account-deletion-planned-keep = Wenn Sie es behalten möchten, melden Sie sich vorher an.
account-deletion-planned-action = Anmelden und Konto behalten
account-deletion-planned-aside-title = { -not-me }
account-deletion-planned-aside = Dann melden Sie sich gleich an und wählen Sie ein neues Passwort.

account-deleted-subject = Ihr Konto wurde gelöscht
account-deleted-intro = Ihr Konto { $username } bei { $site } wurde gelöscht. Danke, dass Sie bei uns waren.
account-deleted-aside-title = { -not-me }
account-deleted-aside = Dann sagen Sie es bitte den Menschen, die { $site } betreiben.
account-deleted-aside-action = { $site } öffnen

## API-Schlüssel

api-key-created-subject = Ein neuer API-Schlüssel für Ihr Konto
api-key-created-intro = Der API-Schlüssel { $name } wurde für Ihr Konto bei { $site } angelegt. Wer ihn hat, kann in Ihrem Namen handeln.
api-key-created-aside-title = { -not-me }
api-key-created-aside = Dann melden Sie sich an, löschen Sie den Schlüssel und wählen Sie ein neues Passwort.
api-key-created-aside-action = { $site } öffnen

api-key-expiring-subject = Ein API-Schlüssel läuft bald ab
api-key-expiring-intro = Ihr API-Schlüssel { $name } bei { $site } gilt bis { $date }. Legen Sie vorher einen neuen an, wenn Sie ihn noch brauchen.
api-key-expiring-action = { $site } öffnen

## Textnachrichten

text-phone-code = { $code } ist Ihr Code bei { $site }. Er gilt { $minutes } Minuten. Geben Sie ihn niemandem.

## Ausprobieren

test-subject = Test-E-Mail von { $site }
test-intro = E-Mails von { $site } kommen an. Es ist nichts zu tun.
