package userman_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// operation is a call that reads or changes the records of newFaultyEnv.
type operation func(ctx context.Context, h *faultyEnv) error

// faultyEnv is a service over a database that can fail.
type faultyEnv struct {
	*env

	faults *sqlitetest.Faults
	// limited is the service of an administrator of the extensions 1000 to 1999.
	limited *env
	jane    *userman.User
	// ann has a second factor.
	ann *userman.User
	// gone is soft-deleted.
	gone *userman.User
	// invitation and softphone are links of joe.
	invitation, softphone store.Secret
	// token is an API token of jane with that key.
	token *apitoken.Token
	key   store.Secret
	// picture is a PNG file, and sent are the mails.
	picture []byte
	sent    mailbox
}

// newFaultyEnv has the users jane, ann, joe, and gone, in the group sales,
// and the empty group support.
func newFaultyEnv(t testing.TB) *faultyEnv {
	t.Helper()
	db, faults := sqlitetest.NewFaulty(t)
	f := &faultyEnv{faults: faults}
	h := newServiceWithDB(t, db, "", withTestSIPAccounts, f.sent.configure, withDirectory(&fakeDirectory{entries: []userman.DirectoryEntry{
		newEntry("uuid-1", "max", "1010", "sales"), newEntry("uuid-2", "eva", "1011", "support"),
	}}))
	h.createGroup(t, "sales", permission.Permissions{permission.XMPPLogin: permission.On(), permission.RESTUse: permission.On()})
	h.createGroup(t, "support", nil)
	create := func(username, password string, extensions ...string) *userman.User {
		u := newUserWithEmail(username, extensions...)
		u.Groups = []string{"sales"}
		return h.createUser(t, u, password)
	}
	f.env, f.limited = h, h.scoped(inScope("1000-1999"))
	f.jane = create("jane", goodPassword, "1001", "1003")
	f.ann = create("ann", goodPassword, "1004")
	h.enrollTOTP(t, f.ann.ID)
	create("joe", "", "1002")
	h.setPermission(t, "joe", permission.PhoneAppsModules, permission.Set("all"))
	f.gone = create("gone", goodPassword, "1009")
	require.NoError(t, h.Delete(t.Context(), "gone"))
	link, err := h.Invite(t.Context(), "joe")
	require.NoError(t, err)
	f.invitation = link.Token
	link, err = h.Softphones().Invite(t.Context(), "jane")
	require.NoError(t, err)
	f.softphone = link.Token
	f.picture, err = io.ReadAll(newPNG(t, 40, 30))
	require.NoError(t, err)
	f.token, f.key = h.createToken(t, "jane", apitoken.Token{Extensions: []string{"1001"}})
	return f
}

// recordOperations change users and groups.
func recordOperations() map[string]operation {
	return map[string]operation{
		"create": func(ctx context.Context, h *faultyEnv) error {
			u := newUser("new", "1005")
			u.Groups = []string{"sales"}
			_, err := h.limited.Create(ctx, userman.NewUser{User: u, Password: secret(anotherPassword)})
			return err
		},
		"create_with_link": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Create(ctx, userman.NewUser{User: newUser("new", "1005")})
			return err
		},
		"update": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.Update(ctx, "jane", func(u *userman.User) error { u.Title = "Head of sales"; return nil })
			return err
		},
		"update_groups": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.Update(ctx, "jane", func(u *userman.User) error { u.Groups = nil; return nil })
			return err
		},
		"disable":      func(ctx context.Context, h *faultyEnv) error { _, err := h.limited.Disable(ctx, "jane"); return err },
		"end_sessions": func(ctx context.Context, h *faultyEnv) error { return h.limited.EndSessions(ctx, "jane") },
		"delete":       func(ctx context.Context, h *faultyEnv) error { return h.limited.Delete(ctx, "jane") },
		"restore": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Restore(ctx, h.gone.ID, func(*userman.User) error { return nil })
			return err
		},
		"purge": func(ctx context.Context, h *faultyEnv) error { return h.Purge(ctx, h.gone.ID) },
		"create_group": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Groups().Create(ctx, &userman.Group{Name: "partners", Default: true})
			return err
		},
		"update_group": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Groups().Update(ctx, "sales", func(g *userman.Group) error { g.Permissions = nil; return nil })
			return err
		},
		"delete_group": func(ctx context.Context, h *faultyEnv) error { return h.Groups().Delete(ctx, "sales", true) },
		"add_members": func(ctx context.Context, h *faultyEnv) error {
			return h.Groups().AddMembers(ctx, "support", "ann", "joe")
		},
		"remove_members": func(ctx context.Context, h *faultyEnv) error {
			return h.Groups().RemoveMembers(ctx, "sales", "jane", "joe")
		},
		"create_extension_user": func(ctx context.Context, h *faultyEnv) error {
			commit, err := h.PrepareExtensionUser(ctx, userman.NewExtension{Number: "1006"})
			if err != nil {
				return err
			}
			_, err = commit(ctx)
			return err
		},
		"link_extension": func(ctx context.Context, h *faultyEnv) error {
			commit, err := h.PrepareExtensionUser(ctx, userman.NewExtension{Number: "1006", LinkTo: "jane"})
			if err != nil {
				return err
			}
			_, err = commit(ctx)
			return err
		},
		"delete_extension_and_disable": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.OnExtensionDeleted(ctx, "1001", userman.OrphanDisable)
			return err
		},
		"renumber_extension": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.RenumberExtensions(ctx, map[string]string{"1001": "1007"})
			return err
		},
		"delete_extension_and_user": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.OnExtensionDeleted(ctx, "1001", userman.OrphanDelete)
			return err
		},
		"set_picture": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.SetPicture(ctx, "jane", bytes.NewReader(h.picture), nil)
			return err
		},
		"remove_picture": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.SetPicture(ctx, "jane", nil, nil)
			return err
		},
	}
}

// credentialOperations change what users log in with.
func credentialOperations() map[string]operation {
	return map[string]operation{
		"set_password": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.SetPassword(ctx, "jane", secret(anotherPassword), nil)
			return err
		},
		"change_password": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.ChangePassword(ctx, h.jane.ID, secret(goodPassword), secret(anotherPassword))
			return err
		},
		"invite": func(ctx context.Context, h *faultyEnv) error { _, err := h.limited.Invite(ctx, "jane"); return err },
		"accept_invitation": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.AcceptInvitation(ctx, h.invitation, secret(anotherPassword))
			return err
		},
		"begin_second_factor": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.BeginSecondFactor(ctx, h.jane.ID, secret(goodPassword))
			return err
		},
		"new_recovery_codes": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.NewRecoveryCodes(ctx, h.ann.ID, secret(goodPassword))
			return err
		},
		"remove_own_second_factor": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.RemoveOwnSecondFactor(ctx, h.ann.ID, secret(goodPassword))
			return err
		},
		"remove_second_factor": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.RemoveSecondFactor(ctx, "ann")
			return err
		},
		"invite_softphone": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.Softphones().Invite(ctx, "jane")
			return err
		},
		"activate_softphone": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Softphones().Activate(ctx, h.softphone)
			return err
		},
	}
}

// tokenOperations change API tokens.
func tokenOperations() map[string]operation {
	return map[string]operation{
		"create_token": func(ctx context.Context, h *faultyEnv) error {
			_, _, err := h.limited.tokens.Create(ctx, "jane", &apitoken.Token{Description: "CRM"})
			return err
		},
		"update_token": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.tokens.Update(ctx, h.token.ID, func(t *apitoken.Token) error { t.Description = "CRM"; return nil })
			return err
		},
		"rotate_token": func(ctx context.Context, h *faultyEnv) error {
			_, _, err := h.limited.tokens.Rotate(ctx, h.token.ID)
			return err
		},
		"delete_token": func(ctx context.Context, h *faultyEnv) error { return h.limited.tokens.Delete(ctx, h.token.ID) },
	}
}

// readOperations change nothing, or only what a login records.
func readOperations() map[string]operation {
	return map[string]operation{
		"softphone_link": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Softphones().Link(ctx, h.softphone)
			return err
		},
		"invitation": func(ctx context.Context, h *faultyEnv) error { _, err := h.Invitation(ctx, h.invitation); return err },
		"preview_delete_group": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Groups().PreviewDelete(ctx, "sales", 10)
			return err
		},
		"references": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.References(ctx, "jane")
			return err
		},
		"sync": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Sync(ctx, branchDirectory, &userman.SyncOptions{MaxRemovalRatio: 1})
			return err
		},
		"send_welcome": func(ctx context.Context, h *faultyEnv) error {
			h.clock.Advance(time.Hour)
			_, err := h.limited.Mails().Send(ctx, usermail.Welcome, "jane")
			return err
		},
		"preview_mail": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.Mails().Preview(ctx, usermail.Welcome, "jane")
			return err
		},
		"send_pending_welcomes": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Mails().SendPendingWelcomes(ctx, nil)
			return err
		},
		"get":       func(ctx context.Context, h *faultyEnv) error { _, err := h.limited.Get(ctx, "jane"); return err },
		"get_by_id": func(ctx context.Context, h *faultyEnv) error { _, err := h.limited.GetByID(ctx, h.jane.ID); return err },
		"list": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.List(ctx, userman.Query{})
			return err
		},
		"each": func(ctx context.Context, h *faultyEnv) error {
			return h.limited.Each(ctx, func(*userman.User) error { return nil })
		},
		"get_token": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.tokens.Get(ctx, h.token.ID)
			return err
		},
		"list_tokens": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.tokens.List(ctx, "jane", store.PageRequest{})
			return err
		},
		"authorize_token": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.tokens.Authenticate(ctx, apitoken.Request{TokenID: h.token.ID, Key: h.key, Module: "cdr"})
			return err
		},
		"authorize_phone": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.AuthorizePhone(ctx, "1002", "call_forward")
			return err
		},
		"audit_scope": func(ctx context.Context, h *faultyEnv) error { _, err := h.limited.AuditScope(ctx); return err },
		"verify": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.auditLog.Verify(ctx, h.AuditSource()...)
			return err
		},
		"group":  func(ctx context.Context, h *faultyEnv) error { _, err := h.Groups().Get(ctx, "sales"); return err },
		"groups": func(ctx context.Context, h *faultyEnv) error { _, err := h.Groups().List(ctx); return err },
		"effective_permissions": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.limited.EffectivePermissions(ctx, "jane")
			return err
		},
		"session": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.Session(ctx, h.jane.ID, h.jane.SessionEpoch)
			return err
		},
		"log_in": func(ctx context.Context, h *faultyEnv) error {
			h.clock.Advance(time.Hour) // a failed attempt counts, too
			_, err := h.Authenticate(ctx, newLoginAttempt("jane", goodPassword))
			return err
		},
		"log_in_to_service": func(ctx context.Context, h *faultyEnv) error {
			h.clock.Advance(time.Hour)
			_, err := h.AuthenticateService(ctx, "xmpp", "jane", secret(goodPassword))
			return err
		},
		"can_use_service": func(ctx context.Context, h *faultyEnv) error {
			_, err := h.CanUseService(ctx, "xmpp", "jane")
			return err
		},
	}
}

func runOperations(t *testing.T, operations map[string]operation, run func(t *testing.T, h *faultyEnv, act func() error)) {
	t.Helper()
	for name, act := range operations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newFaultyEnv(t)
			run(t, h, func() error { return act(t.Context(), h) })
		})
	}
}

// A database that fails at any step of an operation fails the operation, and nothing of
// it is stored.
func TestService_databaseFaultChangesNothing(t *testing.T) {
	t.Parallel()
	atomic := func(t *testing.T, h *faultyEnv, act func() error) {
		t.Helper()
		h.faults.SweepAtomic(t, act)
	}
	runOperations(t, recordOperations(), atomic)
	runOperations(t, credentialOperations(), atomic)
	runOperations(t, tokenOperations(), atomic)
}

func TestService_databaseFaultIsReturned(t *testing.T) {
	t.Parallel()
	runOperations(t, readOperations(), func(t *testing.T, h *faultyEnv, act func() error) {
		t.Helper()
		h.faults.Sweep(t, act)
	})
}
