package userman_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func TestService_Update_revokesCredentialsOnGrant(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		for what, grant := range grants() {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				h := newGrantEnv(t, open(t))
				h.createJane(t)
				k := h.takeOver(t)
				require.NoError(t, h.useToken(t, k))
				frank, ctx := h.as(t, "frank")
				grant(t, h, ctx, frank)
				h.requireLockedOut(t, k)
				h.requireAuditIntact(t)

				_, err := h.AcceptInvitation(t.Context(), h.invite(t, "frank"), secret(anotherPassword))
				require.NoError(t, err)
				require.NotNil(t, h.logIn(t, "jane", anotherPassword).User, "the second factor of mallory is gone")
			})
		}
	}
}

func TestService_Update_keepsRevokedCredentialsRevokedWithoutGrant(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	k := h.takeOver(t)
	h.grantAllMessages(t)
	h.change(t, "frank", func(u *userman.User) { delete(u.Permissions, permission.SMSNumbers) })
	h.requireLockedOut(t, k)
	token, err := h.tokens.Update(t.Context(), k.tokenID, func(token *apitoken.Token) error {
		token.Disabled = false
		return nil
	})
	require.NoError(t, err)
	require.False(t, token.Disabled)
	require.ErrorIs(t, h.useToken(t, k), store.ErrForbidden, "the key is gone until it is rotated")
}

func TestService_Update_keepsCredentialsInScopeOfCreator(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	k := h.takeOver(t)
	h.change(t, "frank", func(u *userman.User) {
		u.Permissions[permission.SMSNumbers] = permission.Set("4930100")
		u.Permissions[permission.VoicemailExtensions] = permission.Append("150")
		u.Permissions[permission.VoicemailDownload] = permission.On()
		u.LinkedExtensions, u.DisplayName = []string{"150"}, "Jane"
	})
	require.NoError(t, h.useToken(t, k))
	_, err := h.Session(t.Context(), h.get(t, "jane").ID, k.epoch)
	require.NoError(t, err)
	require.False(t, h.get(t, "jane").EmailBlocked)
	_, err = h.AcceptInvitation(t.Context(), k.invitation, secret(anotherPassword))
	require.NoError(t, err)
}

func TestService_Update_keepsCredentialsOfOthers(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	// The link of mallory is older than the password that frank set.
	h.invite(t, "mallory")
	h.setPassword(t, "frank")
	login := h.logIn(t, "jane", goodPassword)
	h.enrollTOTP(t, login.User.ID)
	h.invite(t, "mallory")
	h.grantAllMessages(t)
	u, err := h.Session(t.Context(), login.User.ID, login.User.SessionEpoch)
	require.NoError(t, err)
	require.True(t, u.HasPassword)
	require.True(t, u.HasSecondFactor)
	require.Zero(t, u.InvitationExpiresAt, "the link of mallory")
}

func TestService_AcceptInvitation_keepsCreatorOfLink(t *testing.T) {
	t.Parallel()
	for administrator, want := range map[string]bool{"mallory": false, "frank": true} {
		h := newGrantEnv(t, memstore.New())
		h.createJane(t)
		_, err := h.AcceptInvitation(t.Context(), h.invite(t, administrator), secret(goodPassword))
		require.NoError(t, err)
		h.grantAllMessages(t)
		require.Equal(t, want, h.get(t, "jane").HasPassword, administrator)
	}
}

// mallory may have changed the password, who knows the one before.
func TestService_ChangePassword_keepsCreatorOfPassword(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	h.setPassword(t, "mallory")
	id := h.logIn(t, "jane", goodPassword).User.ID
	self := audit.WithActor(t.Context(), audit.Actor{Kind: audit.User, Name: "jane"})
	_, err := h.ChangePassword(self, id, secret(goodPassword), secret(anotherPassword))
	require.NoError(t, err)
	_, err = h.Update(self, "jane", func(u *userman.User) error {
		u.Email = "jane@example.net"
		return nil
	})
	require.NoError(t, err)
	h.grantAllMessages(t)
	u := h.get(t, "jane")
	require.False(t, u.HasPassword)
	require.True(t, u.EmailBlocked, "the session may have been that of mallory")
}

func TestService_Update_endsPasswordTogetherWithSecondFactor(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	h.setPassword(t, "mallory")
	h.enrollTOTP(t, h.logIn(t, "jane", goodPassword).User.ID)
	_, err := h.AcceptInvitation(t.Context(), h.invite(t, "frank"), secret(anotherPassword))
	require.NoError(t, err)
	h.grantAllMessages(t)
	u := h.get(t, "jane")
	require.False(t, u.HasSecondFactor)
	require.False(t, u.HasPassword, "the password of jane alone must not suffice")
}

func TestService_ConfirmSecondFactor_rejectsEnrollmentOfEarlierPassword(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	h.setPassword(t, "mallory")
	id := h.logIn(t, "jane", goodPassword).User.ID
	_, err := h.BeginSecondFactor(t.Context(), id, secret(goodPassword))
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), h.invite(t, "frank"), secret(anotherPassword))
	require.NoError(t, err)
	_, err = h.PendingSecondFactor(t.Context(), id)
	require.ErrorIs(t, err, store.ErrNotFound)
}

// What a creator may hand out is what the creator may hand out now.
func TestService_Update_judgesCreatorsByPresentRights(t *testing.T) {
	t.Parallel()
	for what, act := range map[string]func(h *grantEnv) error{
		"deleted":  func(h *grantEnv) error { return h.admins.Delete(t.Context(), "mike") },
		"disabled": func(h *grantEnv) error { return errOf2(h.admins.Disable(t.Context(), "mike")) },
		"created anew": func(h *grantEnv) error {
			h.clock.Advance(time.Second)
			err := h.admins.Delete(t.Context(), "mike")
			h.createAdministrator(t, "mike", ampusers.Full, "", "")
			return err
		},
		"demoted": func(h *grantEnv) error {
			return errOf2(h.admins.Update(t.Context(), "mike", func(a *ampusers.Administrator) error {
				a.Extensions, _ = scope.ParseRanges("101")
				return nil
			}))
		},
	} {
		h := newGrantEnv(t, memstore.New())
		h.createJane(t)
		h.setPassword(t, "mike")
		require.NoError(t, act(h), what)
		h.change(t, "frank", func(u *userman.User) { u.DisplayName = "Jane" })
		require.True(t, h.get(t, "jane").HasPassword, "%s: this is no grant", what)
		h.change(t, "frank", func(u *userman.User) {
			u.Permissions[permission.VoicemailDownload], u.LinkedExtensions = permission.On(), []string{"150"}
		})
		require.False(t, h.get(t, "jane").HasPassword, what)
	}
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	h.setPassword(t, "mike")
	_, err := h.admins.Update(t.Context(), "mike", func(a *ampusers.Administrator) error {
		a.Access, a.Extensions, a.DIDs = ampusers.Full, scope.Ranges{}, scope.Ranges{}
		return nil
	})
	require.NoError(t, err)
	h.grantAllMessages(t)
	require.True(t, h.get(t, "jane").HasPassword, "mike may hand that out")
}

func TestService_Update_revokesSwitchesOfDeletedCreators(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	h.setPassword(t, "mike")
	require.NoError(t, h.admins.Delete(t.Context(), "mike"))
	h.change(t, "frank", func(u *userman.User) { u.Permissions[permission.HistoryRecordings] = permission.On() })
	require.False(t, h.get(t, "jane").HasPassword)
}

func TestMailService_Send_skipsBlockedEmail(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	h.change(t, "mallory", func(u *userman.User) { u.Email = "mallory@example.net" })
	h.grantAllMessages(t)
	frank, ctx := h.as(t, "frank")
	d, err := frank.Mails().Send(ctx, usermail.Reset, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySkipped, d.Status, d.Message)
	require.Empty(t, h.mail.sent())

	mallory, malloryCtx := h.as(t, "mallory")
	for _, change := range []func(u *userman.User){
		func(u *userman.User) { u.EmailBlocked = false },
		func(u *userman.User) { u.Email = "other@example.net" },
	} {
		_, err = mallory.Update(malloryCtx, "jane", func(u *userman.User) error {
			change(u)
			return nil
		})
		require.ErrorIs(t, err, store.ErrForbidden)
	}
	h.change(t, "frank", func(u *userman.User) { u.EmailBlocked = false })
	h.change(t, "frank", func(u *userman.User) { u.Permissions[permission.HistoryExtensions] = permission.Set(permission.Any) })
	require.False(t, h.get(t, "jane").EmailBlocked, "frank answers for the address now")
	d, err = frank.Mails().Send(ctx, usermail.Reset, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliverySent, d.Status, d.Message)
}

func TestMailService_Send_givesLinkCreatorOfEmail(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	h.change(t, "mallory", func(u *userman.User) { u.Email = "mallory@example.net" })
	frank, ctx := h.as(t, "frank")
	_, err := frank.Mails().Send(ctx, usermail.Reset, "jane")
	require.NoError(t, err)
	token := linkToken(t, h.mail.sent()[0])
	h.grantAllMessages(t)
	_, err = h.AcceptInvitation(t.Context(), token, secret(goodPassword))
	require.ErrorIs(t, err, store.ErrNotFound, "mallory reads the mail")
}

// The link of mallory waits in the delivery while frank grants more.
func TestMailService_Send_restoresNoRevokedLink(t *testing.T) {
	t.Parallel()
	var h *grantEnv
	h = newGrantEnv(t, memstore.New(), withMailer(mailerFunc(func(context.Context, *usermail.Mail) error {
		h.grantAllMessages(t)
		return &userman.MailRejectedError{Reason: "550 no such mailbox"}
	})))
	h.createJane(t)
	h.change(t, "frank", func(u *userman.User) { u.Email = "jane@example.com" })
	token := h.invite(t, "mallory")
	d, err := h.Mails().Send(t.Context(), usermail.Reset, "jane")
	require.NoError(t, err)
	require.Equal(t, userman.DeliveryRejected, d.Status, d.Message)
	_, err = h.AcceptInvitation(t.Context(), token, secret(goodPassword))
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Sync_revokesCredentialsOnGrant(t *testing.T) {
	t.Parallel()
	for what, entry := range map[string]userman.DirectoryEntry{
		"group":     newEntry("1", "jane", "101", "Messages"),
		"extension": newEntry("1", "jane", "201"),
	} {
		d := &localPasswordDirectory{fakeDirectory{entries: []userman.DirectoryEntry{newEntry("1", "jane", "101"), newEntry("2", "joe", "102", "Messages")}}}
		h := newGrantEnv(t, memstore.New(), withDirectory(d))
		h.sync(t)
		_, err := h.Groups().Update(t.Context(), "Messages", func(g *userman.Group) error {
			g.Permissions = allMessages()
			return nil
		})
		require.NoError(t, err)
		h.setPassword(t, "mallory")
		d.setEntries(entry, newEntry("2", "joe", "102", "Messages"))
		require.True(t, h.get(t, "jane").HasPassword)
		h.sync(t)
		require.False(t, h.get(t, "jane").HasPassword, what)
		require.Empty(t, h.storedUser(t, "jane").EmailCreator)
		h.requireAuditIntact(t)
	}
}

// localPasswordDirectory does not manage the passwords of its users.
type localPasswordDirectory struct{ fakeDirectory }

func (d *localPasswordDirectory) Capabilities() userman.Capabilities {
	return userman.Capabilities{Groups: true, Sync: true}
}

func TestService_PreviewRevocations_namesAndCountsUsers(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		for what, grant := range grants() {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				h := newGrantEnv(t, open(t))
				h.createJane(t)
				k := h.takeOver(t)
				frank, ctx := h.as(t, "frank")
				entries := len(h.entries(t, allAuditEntries()))
				before := h.storedUser(t, "jane")
				preview, err := frank.PreviewRevocations(ctx, 10, func(ctx context.Context, s *userman.Service) error {
					tx := &grantEnv{env: &env{s, h.tokens, h.store, h.auditLog, h.clock}, admins: h.admins, mail: h.mail}
					grant(t, tx, ctx, tx.env)
					return nil
				})
				require.NoError(t, err)
				require.Equal(t, 1, preview.Total)
				require.Equal(t, "jane", preview.Items[0].Username)
				require.Subset(t, preview.Items[0].Credentials, []credential.Kind{
					credential.KindPassword, credential.KindSecondFactor, credential.KindEmail, credential.KindAPIToken,
				})
				require.Equal(t, before, h.storedUser(t, "jane"), "nothing is saved")
				require.Len(t, h.entries(t, allAuditEntries()), entries)
				require.NoError(t, h.useToken(t, k))
				h.requireAuditIntact(t)
			})
		}
	}
}

func TestService_PreviewRevocations_returnsErrorsOfChange(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	_, err := h.PreviewRevocations(t.Context(), 10, func(ctx context.Context, s *userman.Service) error {
		return s.Groups().AddMembers(ctx, "Nobodies", "jane")
	})
	require.ErrorIs(t, err, store.ErrNotFound)
	preview, err := h.PreviewRevocations(t.Context(), 10, func(context.Context, *userman.Service) error { return nil })
	require.NoError(t, err)
	require.Equal(t, &userman.Revocations{Items: []userman.Revocation{}}, preview)
}
