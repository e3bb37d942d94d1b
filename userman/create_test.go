package userman_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestService_Create_normalizesAndStoresAllFields(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			created := h.createUser(t, &userman.User{
				Username: " jane.doe@example.com ", Description: "front desk", Title: "Ms", Company: "Acme", Department: "Sales",
				FirstName: "Jane", LastName: "Doe", Email: "Jane@EXAMPLE.com", OtherEmails: []string{"sales@Example.com"},
				CellPhone: "+49 170 1234567", HomePhone: "030/1234", WorkPhone: "(030) 12-34 ext 12", Fax: "030 1235",
				Language: "ZH-hans", TimeZone: "Europe/Berlin",
				DefaultExtension: "1001", LinkedExtensions: []string{"1002", "1001", " 1002", "2001"}, ExternalID: "hr-17",
			}, "")
			require.Regexp(t, `^[a-z0-9]{24}$`, created.ID)
			require.Equal(t, h.clock.Now(), created.CreatedAt)

			text, err := json.Marshal(created)
			require.NoError(t, err)
			require.JSONEq(t, `{"id":"`+string(created.ID)+`","username":"jane.doe@example.com","description":"front desk","title":"Ms","company":"Acme",
			"department":"Sales","first_name":"Jane","last_name":"Doe","display_name":"","email":"Jane@example.com","email_blocked":false,"other_emails":["sales@example.com"],
			"cell_phone":"+49 170 1234567","home_phone":"030/1234","work_phone":"(030) 12-34 ext 12","fax":"030 1235","language":"zh-Hans",
			"time_zone":"Europe/Berlin","default_extension":"1001","linked_extensions":["1002","2001"],"groups":[],"permissions":{},"disabled":false,
			"must_change_password":false,"directory":"","external_id":"hr-17","picture":"","has_password":false,"external_password":false,"has_second_factor":false,
			"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z"}`, string(text))
			require.Equal(t, created, h.get(t, "JANE.doe@example.com"))
			byID, err := h.GetByID(t.Context(), created.ID)
			require.NoError(t, err)
			require.Equal(t, created, byID)
			byExtension, err := h.getByExtension(t, "1001")
			require.NoError(t, err)
			require.Equal(t, created, byExtension)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Create_acceptsUsernameForms(t *testing.T) {
	t.Parallel()
	h := newService(t)
	for _, username := range []string{"jane.doe", "jane@example.com", "jane+pbx@example.com", "王小明", "1001", "Ольга"} {
		require.Equal(t, username, h.createUser(t, newUser(username), "").Username)
	}
}

func TestService_Create_ignoresServiceManagedFields(t *testing.T) {
	t.Parallel()
	h := newService(t)
	past := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	created := h.createUser(t, &userman.User{
		ID: "mine", Username: "jane", Directory: "head-office", Picture: "v1", SessionEpoch: 7,
		Credentials: credential.Credentials{PasswordHash: secret("mine")}, Activation: &credential.OneTimeToken{TokenHash: []byte("mine")},
		HasPassword: true, ExternalPassword: true, HasSecondFactor: true, InvitationExpiresAt: past, PasswordExpiresAt: past,
		CreatedAt: past, UpdatedAt: past, PasswordChangedAt: past, LastLoginAt: past, WelcomedAt: past, MissingSince: past, DeletedAt: past,
	}, "")
	stored, err := h.store.User(t.Context(), created.ID)
	require.NoError(t, err)
	require.NotEqual(t, "mine", stored.ID)
	require.NotEqual(t, int64(7), stored.SessionEpoch)
	require.Equal(t, credential.Credentials{}, stored.Credentials)
	require.Nil(t, stored.Activation)
	require.Empty(t, stored.Directory+stored.Picture)
	for _, at := range []time.Time{stored.PasswordChangedAt, stored.LastLoginAt, stored.WelcomedAt, stored.MissingSince, stored.DeletedAt} {
		require.True(t, at.IsZero())
	}
	require.Equal(t, h.clock.Now(), stored.CreatedAt)
	require.False(t, created.HasPassword || created.ExternalPassword || created.HasSecondFactor)
}

func TestService_Create_reportsEveryInvalidField(t *testing.T) {
	t.Parallel()
	h := newService(t)
	_, err := h.Create(t.Context(), userman.NewUser{
		User: &userman.User{
			Username: "-", Description: strings.Repeat("d", 501), FirstName: "a\r\nBcc: x", Email: "jane", OtherEmails: []string{"a@b.example", "no"},
			CellPhone: "call me", Language: "klingon?", TimeZone: "Mars/Olympus", DefaultExtension: "10o1", LinkedExtensions: []string{"1002", "x"},
			Groups: []string{"Nobody"}, Permissions: permission.Permissions{"no.such": permission.On()}, ExternalID: "a\x00",
		},
		Password: secret("short"),
	})
	requireFieldErrors(t, err, "username: username", "default_extension: extension", "description: max", "first_name: plain_line",
		"email: email", "other_emails[1]: email", "cell_phone: phone", "language: language", "time_zone: time_zone",
		"linked_extensions[1]: extension", "external_id: plain_line", "groups[0]: unknown", "permissions.no.such: unknown", "password: min")
	require.Equal(t, "denied create ", h.lastAuditEntry(t)[:len("denied create ")])
	list, err := h.List(t.Context(), userman.Query{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
}

func TestService_Create_rejectsDuplicates(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			zoe := newUser("Zoë", "1001", "1002")
			zoe.ExternalID = "hr-1"
			h.createUser(t, zoe, "")
			for field, u := range map[string]*userman.User{
				"username":          newUser("ZOE\u0308", "2001"),
				"default_extension": newUser("jane", "1001"),
				"external_id":       {Username: "joan", ExternalID: "hr-1"},
			} {
				_, err := h.Create(t.Context(), userman.NewUser{User: u})
				requireAlreadyExists(t, err, field)
			}
			// A linked extension may be shared, and be the default one of another.
			h.createUser(t, newUser("jane", "1002", "1001"), "")
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Create_keepsDefaultExtensionUniqueConcurrently(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			succeeded := 0
			for _, err := range runConcurrently(100, func(i int) error {
				_, err := h.Create(t.Context(), userman.NewUser{User: newUser(fmt.Sprintf("person%d", i), "1001")})
				return err
			}) {
				if err == nil {
					succeeded++
					continue
				}
				requireAlreadyExists(t, err, "default_extension")
			}
			require.Equal(t, 1, succeeded)

			for i := range 20 {
				h.createUser(t, newUser(fmt.Sprintf("late%d", i)), "")
			}
			succeeded = 0
			for _, err := range runConcurrently(20, func(i int) error {
				_, err := h.tryUpdate(t, fmt.Sprintf("late%d", i), func(u *userman.User) { u.DefaultExtension = "2001" })
				return err
			}) {
				if err == nil {
					succeeded++
					continue
				}
				requireAlreadyExists(t, err, "default_extension")
			}
			require.Equal(t, 1, succeeded)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Create_addsDefaultGroups(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			for _, g := range []*userman.Group{{Name: "Sales"}, {Name: "Everybody", Default: true}, {Name: "New", Default: true}} {
				_, err := h.Groups().Create(t.Context(), g)
				require.NoError(t, err)
			}
			require.Equal(t, []string{"Everybody", "New"}, h.createUser(t, newUser("jane"), "").Groups)
			u := newUser("joan")
			u.Groups = []string{" sales ", "SALES", "New"}
			require.Equal(t, []string{"Everybody", "New", "Sales"}, h.createUser(t, u, "").Groups)
			u.Username = "june"
			only, err := h.Create(t.Context(), userman.NewUser{User: u, NoDefaultGroups: true})
			require.NoError(t, err)
			require.Equal(t, []string{"New", "Sales"}, only.Groups)
			u = newUser("none")
			none, err := h.Create(t.Context(), userman.NewUser{User: u, NoDefaultGroups: true})
			require.NoError(t, err)
			require.Empty(t, none.Groups)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Create_storesPasswordHashOnly(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.PasswordLifetime = 90 * 24 * time.Hour })
	created := h.createUser(t, newUser("jane"), goodPassword)
	require.True(t, created.HasPassword)
	require.Equal(t, h.clock.Now(), created.PasswordChangedAt)
	require.Equal(t, h.clock.Now().Add(90*24*time.Hour), created.PasswordExpiresAt)
	require.Equal(t, credential.Credentials{}, created.Credentials)
	stored, err := h.store.User(t.Context(), created.ID)
	require.NoError(t, err)
	require.Regexp(t, `^\$argon2id\$`, stored.Credentials.PasswordHash.Reveal())
	_, err = h.Create(t.Context(), userman.NewUser{User: newUser("otter.lanterns"), Password: secret("otter.lanterns")})
	requireFieldErrors(t, err, "password: username")
}

// Somebody who administers the product and has a telephone has a record here and
// one there, with a password each.
func TestService_Create_isIndependentOfAdministrators(t *testing.T) {
	t.Parallel()
	db := memstore.New()
	h := newServiceWithDB(t, db, "")
	administrators := ampusers.New(db.Administrators(), &ampusers.Options{
		Audit: h.auditLog, Clock: h.clock.Now, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
	h.createUser(t, newUser("jane", "1001"), goodPassword)
	for _, username := range []string{"jane", "root.admin"} {
		_, err := administrators.Create(t.Context(), &ampusers.Administrator{Username: username, Access: ampusers.Full}, secret(anotherPassword))
		require.NoError(t, err)
	}
	_, err := administrators.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	requireLoginError(t, err, credential.InvalidCredentials)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", anotherPassword))
	requireLoginError(t, err, credential.InvalidCredentials)

	require.NoError(t, administrators.Delete(t.Context(), "jane"))
	h.logIn(t, "jane", goodPassword)
	require.Equal(t, "1001", h.get(t, "jane").DefaultExtension)
	require.Len(t, h.entries(t, audit.Query{Kind: "user", Key: "jane", Action: "create"}), 1)
	require.Len(t, h.entries(t, audit.Query{Kind: "administrator", Key: "jane", Action: "delete"}), 1)
	h.requireAuditIntact(t)
}

// A creation that is refused inside of a transaction of the caller leaves the
// rest of it as it is.
func TestService_Create_errorKeepsCallerTransaction(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createGroup(t, "Sales", nil)
			err := h.store.RunInTx(t.Context(), func(ctx context.Context) error {
				for _, u := range []*userman.User{newUser("jane", "1001"), newUser("joan", "1001"), newUser("-")} {
					if _, err := h.Create(ctx, userman.NewUser{User: u}); err != nil {
						require.True(t, errors.Is(err, store.ErrAlreadyExists) || errors.Is(err, store.ErrInvalid), "%v", err)
					}
				}
				_, err := h.Update(ctx, "nobody", func(*userman.User) error { return nil })
				require.ErrorIs(t, err, store.ErrNotFound)
				require.ErrorIs(t, h.Groups().AddMembers(ctx, "Sales", "jane", "nobody"), store.ErrInvalid)
				return nil
			})
			require.NoError(t, err)
			require.Empty(t, h.get(t, "jane").Groups)
			h.requireAuditIntact(t)
		})
	}
}

func TestSuggestUsername_takesNameThenEmail(t *testing.T) {
	t.Parallel()
	// The page for a new user suggests the same.
	text, err := os.ReadFile("testdata/suggestions.json")
	require.NoError(t, err)
	var users []userman.User
	require.NoError(t, json.Unmarshal(text, &users))
	for _, u := range append(users,
		userman.User{FirstName: "?", Email: "j.r@example.com", Username: "j.r"}, userman.User{FirstName: "!", Email: "!"}) {
		require.Equal(t, u.Username, userman.SuggestUsername(&u))
	}
}

func TestService_Create_reportsAllTakenValues(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane", "1001"), "")
			h.createUser(t, newUser("joan", "1002"), "")
			taken := []string{"username: already_exists", "default_extension: already_exists"}
			_, err := h.Create(t.Context(), userman.NewUser{User: newUser("jane", "1002")})
			requireFieldErrors(t, err, taken...)
			require.ErrorIs(t, err, store.ErrAlreadyExists)
			_, err = h.Update(t.Context(), "joan", func(u *userman.User) error {
				u.Username, u.DefaultExtension = "jane", "1001"
				return nil
			})
			requireFieldErrors(t, err, taken...)
			invalid := newUser("jane", "1002")
			invalid.Email = "x"
			_, err = h.Create(t.Context(), userman.NewUser{User: invalid})
			requireFieldErrors(t, err, append([]string{"email: email"}, taken...)...)
			require.NotErrorIs(t, err, store.ErrAlreadyExists)
			h.requireAuditIntact(t)
		})
	}
}
