package ampusers_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
)

// printedForms are all forms in which a program can print a value.
func printedForms(t testing.TB, value any) string {
	t.Helper()
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("value", "value", value)
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return fmt.Sprintf("%v %+v %#v %s %q %x %s %s", value, value, value, value, value, value, text, logged.String())
}

// No result of the service shows a secret in any printed form. Neither do the log
// and the audit log.
func TestService_redactsSecretsInResults(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := newEnv(t, memstore.New(), func(o *ampusers.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	var returned []any
	collect := func(values ...any) { returned = append(returned, values...) }

	created, err := h.Create(t.Context(), &ampusers.Administrator{Username: "jane", Access: ampusers.Full}, secret(goodPassword))
	collect(created, err)
	link, err := h.Invite(t.Context(), "jane")
	collect(link, err)
	enrollment, err := h.BeginSecondFactor(t.Context(), "jane", secret(goodPassword))
	collect(err)
	collect(credential.TOTPEnrollment{Secret: enrollment.Secret, URL: enrollment.URL})
	codes, err := h.ConfirmSecondFactor(t.Context(), "jane", totpCode(t, enrollment.Secret, h.clock.Now()))
	collect(codes, err)
	withCode := newLoginAttempt("jane", goodPassword)
	withCode.Code = codes[0].Reveal()
	login, err := h.Authenticate(t.Context(), withCode)
	collect(login, err)
	stored, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	c := stored.Credentials
	got, err := h.Get(t.Context(), "jane")
	collect(got, err)
	collect(mustList(t, h, ampusers.Query{}))
	updated, err := h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		collect(a.Clone())
		return nil
	})
	collect(updated, err)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", otherPassword))
	collect(err)
	_, err = h.Authenticate(t.Context(), newLoginAttempt(otherPassword, "jane"))
	collect(err)
	_, err = h.ChangePassword(t.Context(), "jane", secret(otherPassword), secret(otherPassword))
	collect(err)
	_, err = h.SetPasswordHash(t.Context(), "jane", secret("$unknown$"+otherPassword))
	collect(err)
	_, err = h.SetPassword(t.Context(), "jane", secret("jane"+goodPassword), nil)
	collect(err)
	recovered, err := h.RestoreAccess(t.Context(), "jane")
	collect(recovered, err)
	for _, e := range h.auditEntries(t, audit.Query{}) {
		collect(e, string(e.Before), string(e.After))
	}
	collect(log.String())

	hidden := map[string]string{
		"the password": goodPassword, "another password": otherPassword,
		"the password's hash": c.PasswordHash.Reveal(), "the key of the app": c.SecondFactor.Secret.Reveal(),
		"the invitation": link.Token.Reveal(), "a recovery code": codes[0].Reveal(), "the device": login.DeviceToken.Reveal(), "the second link": recovered.Token.Reveal(),
	}
	for name, hash := range map[string][]byte{"invitation": c.Invitation.TokenHash, "device": c.Devices[0].TokenHash, "recovery": c.SecondFactor.RecoveryHashes[0]} {
		hidden[name+" hash"], hidden[name+" hash in base64"] = hex.EncodeToString(hash), base64.StdEncoding.EncodeToString(hash)
		hidden[name+" hash in numbers"] = fmt.Sprintf("%d", hash)
	}
	for i, value := range returned {
		if value == nil {
			continue
		}
		text := printedForms(t, value)
		for name, of := range hidden {
			require.NotContains(t, text, of, "%s in value %d", name, i)
			require.NotContains(t, text, hex.EncodeToString([]byte(of)), "%s in value %d", name, i)
		}
	}
	require.Contains(t, printedForms(t, c.PasswordHash), "[redacted]")
}

// The fingerprint covers everything that a login depends on.
func TestAudit_detectsModifiedRecord(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(a *ampusers.Administrator){
		"access":        func(a *ampusers.Administrator) { a.Access = ampusers.Full },
		"sections":      func(a *ampusers.Administrator) { a.Sections = append(a.Sections, "managers") },
		"extensions":    func(a *ampusers.Administrator) { a.Extensions = scope.Ranges{} },
		"dids":          func(a *ampusers.Administrator) { a.DIDs, _ = scope.ParseRanges("1") },
		"teams":         func(a *ampusers.Administrator) { a.Teams = []string{"acme"} },
		"enabled":       func(a *ampusers.Administrator) { a.Disabled = !a.Disabled },
		"password":      func(a *ampusers.Administrator) { a.Credentials.PasswordHash = secret("$argon2id$x") },
		"second factor": func(a *ampusers.Administrator) { a.Credentials.SecondFactor = nil },
		"app":           func(a *ampusers.Administrator) { a.Credentials.SecondFactor.Secret = secret("JBSWY3DPEHPK3PXP") },
		"replay":        func(a *ampusers.Administrator) { a.Credentials.SecondFactor.LastStep-- },
		"recovery code": func(a *ampusers.Administrator) {
			a.Credentials.SecondFactor.RecoveryHashes = append(a.Credentials.SecondFactor.RecoveryHashes, make([]byte, 32))
		},
		"invitation": func(a *ampusers.Administrator) {
			a.Credentials.Invitation = &credential.OneTimeToken{TokenHash: make([]byte, 32)}
		},
		"device":  func(a *ampusers.Administrator) { a.Credentials.Devices[0].TokenHash[0]++ },
		"session": func(a *ampusers.Administrator) { a.SessionEpoch-- },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t, memstore.New())
			h.createAdministrator(t, &ampusers.Administrator{Username: "jane", Extensions: mustRanges(t, "100")}, goodPassword)
			_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
			require.NoError(t, err)
			h.enrollTOTP(t)
			h.requireAuditIntact(t)
			require.NoError(t, h.store.UpdateAdministrator(t.Context(), "jane", func(a *ampusers.Administrator) error {
				change(a)
				return nil
			}))
			h.requireFindings(t, audit.CodeRecordModified)
		})
	}
}

func TestAudit_detectsInsertedAndDeletedRecords(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createFull(t, "boss")
	h.createLimited(t, "jane")
	require.NoError(t, h.store.CreateAdministrator(t.Context(), &ampusers.Administrator{Username: "mallory", Access: ampusers.Full}))
	h.requireFindings(t, audit.CodeRecordUntracked)
	require.NoError(t, h.Delete(t.Context(), "mallory"))
	require.NoError(t, h.store.DeleteAdministrator(t.Context(), "jane"))
	h.requireFindings(t, audit.CodeRecordUntracked, audit.CodeRecordMissing)
}

// requireFindings requires that the audit log reports these findings.
func (h *env) requireFindings(t testing.TB, want ...string) {
	t.Helper()
	found, err := h.auditLog.Verify(t.Context(), h.AuditSource())
	require.NoError(t, err)
	got := make([]string, len(found.Findings))
	for i, p := range found.Findings {
		got[i] = p.Code
	}
	require.Equal(t, want, got)
}

// The service works without an audit log.
func TestNew_worksWithoutAuditLog(t *testing.T) {
	t.Parallel()
	s := ampusers.New(memstore.New().Administrators(), &ampusers.Options{Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1}})
	_, err := s.Create(t.Context(), &ampusers.Administrator{Username: "jane"}, secret(goodPassword))
	require.NoError(t, err)
	_, err = s.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	require.ErrorIs(t, s.Delete(t.Context(), "joan"), store.ErrNotFound)
	require.NoError(t, s.Delete(t.Context(), "jane"))
}

// Administrators with the longest names have different keys in the audit log.
func TestAudit_distinguishesLongestUsernames(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t, open(t))
			for _, last := range []string{"𠀀", "𠀁"} {
				username := strings.Repeat("𠀀", ampusers.MaxUsernameLength-1) + last
				h.createLimited(t, username)
				_, err := h.Authenticate(t.Context(), newLoginAttempt(username, goodPassword))
				require.NoError(t, err)
				require.Equal(t, "succeeded login "+username, h.lastAuditEntry(t))
			}
			h.requireAuditIntact(t)
		})
	}
}
