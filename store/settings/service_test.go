package settings_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/settings"
)

const password = "walnut-harbour"

// fixture is a service of four settings and its audit log.
type fixture struct {
	*settings.Service

	db  *memstore.DB
	log *audit.Log
	out *bytes.Buffer
}

func text(name string) settings.Definition {
	return settings.Definition{Meta: field.Meta{Name: name, Kind: field.KindText}}
}

func definitions() []settings.Definition {
	secret := text("smtp_password")
	secret.Secret, secret.SentTo = true, []string{"smtp", "smtp_security"}
	number := settings.Definition{Meta: field.Meta{Name: "days", Kind: field.KindInt}}
	return []settings.Definition{text("smtp"), text("smtp_security"), secret, number}
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	keys, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	f := &fixture{db: memstore.New(), out: &bytes.Buffer{}}
	f.log = audit.New(f.db.Audit(), keys, nil)
	f.Service = settings.New(f.db.Settings(), definitions(), &settings.Options{
		Audit: f.log, Logger: slog.New(slog.NewTextHandler(f.out, nil)),
		Clock: func() time.Time { return time.Date(2026, 12, 1, 2, 3, 4, 5678, time.UTC) },
		Validate: func(_ context.Context, values map[string]field.Value) error {
			if values["days"].Int() < 0 {
				return store.NewInvalidError(store.FieldError{Field: "days", Code: store.CodeMin, Message: "enter 0 or more"})
			}
			return nil
		},
	})
	return f
}

func set(pairs ...any) settings.Changes {
	changes := settings.Changes{Set: map[string]field.Value{}}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		switch value := pairs[i+1].(type) {
		case string:
			changes.Set[name] = field.TextValue(value)
		case int:
			changes.Set[name] = field.IntValue(value)
		}
	}
	return changes
}

func (f *fixture) save(t *testing.T, revision int64, changes settings.Changes) *settings.Saved {
	t.Helper()
	saved, err := f.Save(t.Context(), revision, changes)
	require.NoError(t, err)
	return saved
}

// requireFieldErrors requires these field errors, as "field (code)".
func requireFieldErrors(t *testing.T, err error, want ...string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrInvalid)
	fields, _ := store.FieldErrors(err)
	got := []string{}
	for _, f := range fields {
		got = append(got, fmt.Sprintf("%s (%s)", f.Field, f.Code))
	}
	require.Equal(t, want, got)
}

func TestService_Save_setsAndResetsValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	saved, err := f.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, &settings.Saved{Values: map[string]field.Value{}}, saved)

	saved = f.save(t, 0, set("smtp", "mail.example.com:25", "days", 7))
	require.Equal(t, int64(1), saved.Revision)
	loaded, err := f.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, saved, loaded)
	require.Equal(t, 7, loaded.Values["days"].Int())

	saved = f.save(t, 1, settings.Changes{Set: map[string]field.Value{"days": field.IntValue(0)}, Reset: []string{"smtp", "smtp_security"}})
	require.Equal(t, &settings.Saved{Revision: 2, Values: map[string]field.Value{"days": field.IntValue(0)}}, saved, "0 is a value")
}

func TestService_Save_equalValuesSaveNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.save(t, 0, set("days", 7))
	require.Equal(t, int64(1), f.save(t, 1, set("days", 7)).Revision)
	list, err := f.log.List(t.Context(), audit.Query{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
}

func TestService_Save_rejectsStaleRevision(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.save(t, 0, set("days", 7))
	_, err := f.Save(t.Context(), 0, set("days", 8))
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = f.Save(t.Context(), 0, set("days", 7))
	require.ErrorIs(t, err, store.ErrConflict, "even without a change")
	loaded, err := f.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, 7, loaded.Values["days"].Int())
}

func TestService_Save_rejectsInvalidValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.Save(t.Context(), 0, set("days", "7", "nothing", "x"))
	requireFieldErrors(t, err, "days (type)", "nothing (unknown_field)")
	_, err = f.Save(t.Context(), 0, set("days", -1))
	requireFieldErrors(t, err, "days (min)")
	_, err = f.Save(t.Context(), 0, settings.Changes{Reset: []string{"nothing"}})
	requireFieldErrors(t, err, "nothing (unknown_field)")
	list, err := f.log.List(t.Context(), audit.Query{Outcome: audit.Denied})
	require.NoError(t, err)
	require.Len(t, list.Items, 3)
	require.Equal(t, "invalid: days (min)", list.Items[1].Reason)
}

func TestService_Save_changedServerNeedsSecretAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.save(t, 0, set("smtp", "mail.example.com", "smtp_password", password))
	for name, changes := range map[string]settings.Changes{
		"server":     set("smtp", "evil.example.com"),
		"protection": set("smtp_security", "none"),
		"reset":      {Reset: []string{"smtp"}},
	} {
		_, err := f.Save(t.Context(), 1, changes)
		requireFieldErrors(t, err, "smtp_password (reenter)")
		require.NotContains(t, err.Error(), password)
		_, err = f.Preview(t.Context(), changes)
		requireFieldErrors(t, err, "smtp_password (reenter)")
		loaded, err := f.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), loaded.Revision, name)
	}
	f.save(t, 1, set("days", 7))
	f.save(t, 2, set("smtp", "mail.example.com"))
	f.save(t, 2, set("smtp", "other.example.com", "smtp_password", password))
	f.save(t, 3, settings.Changes{Set: map[string]field.Value{"smtp": field.TextValue("third.example.com")}, Reset: []string{"smtp_password"}})
}

func TestService_Preview_savesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	values, err := f.Preview(t.Context(), set("smtp", "mail.example.com", "smtp_password", password))
	require.NoError(t, err)
	require.Equal(t, password, values["smtp_password"].Text())
	loaded, err := f.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, loaded.Values)
	list, err := f.log.List(t.Context(), audit.Query{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}

func TestService_Save_recordsChangesWithoutSecrets(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.save(t, 0, set("smtp", "mail.example.com", "smtp_password", password))
	f.save(t, 1, set("smtp", "other.example.com", "smtp_password", "another-"+password, "days", 7))
	list, err := f.log.List(t.Context(), audit.Query{Kind: settings.Kind, Key: settings.Key})
	require.NoError(t, err)
	require.Len(t, list.Items, 2)
	require.Equal(t, []audit.Change{
		{Field: "days", After: "7"}, {Field: "smtp", Before: "mail.example.com", After: "other.example.com"},
		{Field: "smtp_password", Before: "secret", After: "new secret"},
	}, list.Items[0].Changes())
	require.Equal(t, []audit.Change{{Field: "smtp", After: "mail.example.com"}, {Field: "smtp_password", After: "new secret"}}, list.Items[1].Changes())
	require.NotContains(t, fmt.Sprintf("%+v %s", list.Items, f.out), password)
	require.Contains(t, f.out.String(), "smtp_password")
}

func TestService_AuditSource_findsOtherChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	verify := func() []string {
		result, err := f.log.Verify(t.Context(), f.AuditSource())
		require.NoError(t, err)
		codes := []string{}
		for _, finding := range result.Findings {
			codes = append(codes, finding.Code)
		}
		return codes
	}
	require.Empty(t, verify())
	f.save(t, 0, set("days", 7))
	f.save(t, 1, set("days", 8))
	require.Empty(t, verify())
	require.NoError(t, f.db.Settings().PutSettings(t.Context(), &settings.Record{Revision: 3, Values: map[string]store.Secret{"days": store.NewSecret("9")}}))
	require.Equal(t, []string{audit.CodeRecordModified}, verify())
}

func TestService_Load_ignoresUnknownAndUnreadableValues(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	require.NoError(t, f.db.Settings().PutSettings(t.Context(), &settings.Record{Revision: 1, Values: map[string]store.Secret{
		"later": store.NewSecret("x"), "days": store.NewSecret("many"), "smtp": store.NewSecret("mail.example.com"),
	}}))
	loaded, err := f.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]field.Value{"smtp": field.TextValue("mail.example.com")}, loaded.Values)
}

func TestNew_panicsOnContradictions(t *testing.T) {
	t.Parallel()
	secret := text("password")
	secret.SentTo = []string{"nothing"}
	for _, wrong := range [][]settings.Definition{{text("a"), text("a")}, {text("")}, {secret}} {
		require.Panics(t, func() { settings.New(memstore.New().Settings(), wrong, nil) })
	}
}

func TestService_Save_failedTransactionSavesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	failure := errors.New("failure")
	ctx := audit.WithPrecondition(t.Context(), func(context.Context) error { return failure })
	_, err := f.Save(ctx, 0, set("days", 7))
	require.ErrorIs(t, err, failure)
	loaded, err := f.Load(t.Context())
	require.NoError(t, err)
	require.Zero(t, loaded.Revision)
}
