package ampusers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestService_Session_endsOnSecurityChange(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(h *env) error{
		"set password": func(h *env) error {
			_, err := h.SetPassword(h.t.Context(), "jane", secret(otherPassword), nil)
			return err
		},
		"change password": func(h *env) error {
			_, err := h.ChangePassword(h.t.Context(), "jane", secret(goodPassword), secret(otherPassword))
			return err
		},
		"accept invitation": func(h *env) error {
			link, err := h.Invite(h.t.Context(), "jane")
			require.NoError(h.t, err)
			_, err = h.AcceptInvitation(h.t.Context(), link.Token, secret(otherPassword))
			return err
		},
		"disable": func(h *env) error {
			_, err := h.Disable(h.t.Context(), "jane")
			return err
		},
		"disable and enable": func(h *env) error {
			_, err := h.Disable(h.t.Context(), "jane")
			require.NoError(h.t, err)
			_, err = h.Enable(h.t.Context(), "jane")
			return err
		},
		"disable by an update, and enable": func(h *env) error {
			_, err := h.Update(h.t.Context(), "jane", func(a *ampusers.Administrator) error {
				a.Disabled = true
				return nil
			})
			require.NoError(h.t, err)
			_, err = h.Enable(h.t.Context(), "jane")
			return err
		},
		"disable in the database": func(h *env) error {
			return h.store.UpdateAdministrator(h.t.Context(), "jane", func(a *ampusers.Administrator) error {
				a.Disabled = true
				return nil
			})
		},
		"demote": func(h *env) error {
			_, err := h.Update(h.t.Context(), "jane", func(a *ampusers.Administrator) error {
				a.Access = ampusers.Limited
				return nil
			})
			return err
		},
		"recover": func(h *env) error {
			_, err := h.RestoreAccess(h.t.Context(), "jane")
			return err
		},
		"end sessions": func(h *env) error { return h.EndSessions(h.t.Context(), "jane") },
		"end other sessions": func(h *env) error {
			a, err := h.EndOtherSessions(h.t.Context(), "jane")
			if err == nil {
				_, err = h.Session(h.t.Context(), "jane", a.SessionEpoch)
			}
			return err
		},
		"delete": func(h *env) error { return h.Delete(h.t.Context(), "jane") },
		"delete and create again": func(h *env) error {
			require.NoError(h.t, h.Delete(h.t.Context(), "jane"))
			h.createFull(h.t, "jane")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t, memstore.New())
			h.createFull(t, "boss")
			h.createFull(t, "jane")
			login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
			require.NoError(t, err)
			epoch := login.Administrator.SessionEpoch
			current, err := h.Session(t.Context(), "JANE", epoch)
			require.NoError(t, err)
			require.Equal(t, login.Administrator, current)

			require.NoError(t, act(h))
			_, err = h.Session(t.Context(), "jane", epoch)
			require.ErrorIs(t, err, store.ErrNotFound)
		})
	}
}

func TestService_Session_returnsCurrentRights(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane", "managers")
	login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	_, err = h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Sections = []string{"audit"}
		return nil
	})
	require.NoError(t, err)
	current, err := h.Session(t.Context(), "jane", login.Administrator.SessionEpoch)
	require.NoError(t, err)
	require.True(t, current.Can("audit"))
	require.False(t, current.Can("managers"))
}

func TestService_Authenticate_recognizesTrustedDevice(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	h.createLimited(t, "joan")
	first, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	again := newLoginAttempt("jane", goodPassword)
	again.DeviceToken = first.DeviceToken
	h.clock.Advance(time.Hour)
	second, err := h.Authenticate(t.Context(), again)
	require.NoError(t, err)
	require.True(t, second.DeviceToken.Equal(first.DeviceToken), "a known device keeps its token")
	stored, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Len(t, stored.Credentials.Devices, 1)
	require.Equal(t, h.clock.Now(), stored.Credentials.Devices[0].LastUsedAt)

	// A device of one administrator is unknown to another.
	other := newLoginAttempt("joan", goodPassword)
	other.DeviceToken = first.DeviceToken
	third, err := h.Authenticate(t.Context(), other)
	require.NoError(t, err)
	require.False(t, third.DeviceToken.Equal(first.DeviceToken))
}

func TestService_Authenticate_forgetsLeastRecentlyUsedDevice(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	var tokens []store.Secret
	for range credential.MaxTrustedDevices + 1 {
		h.clock.Advance(time.Minute)
		login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
		require.NoError(t, err)
		tokens = append(tokens, login.DeviceToken)
		// The first device stays in use.
		again := newLoginAttempt("jane", goodPassword)
		again.DeviceToken = tokens[0]
		h.clock.Advance(time.Minute)
		_, err = h.Authenticate(t.Context(), again)
		require.NoError(t, err)
	}
	stored, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Len(t, stored.Credentials.Devices, credential.MaxTrustedDevices)
	for _, i := range []int{0, 2, 1} { // the last one is new, and replaces another
		again := newLoginAttempt("jane", goodPassword)
		again.DeviceToken = tokens[i]
		login, err := h.Authenticate(t.Context(), again)
		require.NoError(t, err)
		require.Equal(t, i != 1, login.DeviceToken.Equal(tokens[i]), i)
	}
}

func TestService_SetPassword_forgetsTrustedDevices(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	_, err = h.ChangePassword(t.Context(), "jane", secret(goodPassword), secret(otherPassword))
	require.NoError(t, err)
	stored, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Len(t, stored.Credentials.Devices, 1, "by the own hand it stays")
	for name, act := range map[string]func() error{
		"set": func() error {
			_, err := h.SetPassword(t.Context(), "jane", secret(otherPassword), nil)
			return err
		},
		"invited": func() error {
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
			return err
		},
		"taken over": func() error {
			_, err := h.SetPasswordHash(t.Context(), "jane", stored.Credentials.PasswordHash)
			return err
		},
		"recovered": func() error {
			_, err := h.RestoreAccess(t.Context(), "jane")
			return err
		},
	} {
		_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", otherPassword))
		require.NoError(t, err)
		require.NoError(t, act())
		after, err := h.store.Administrator(t.Context(), "jane")
		require.NoError(t, err)
		require.Empty(t, after.Credentials.Devices, name)
	}
}

func TestService_Authenticate_trustsNewDeviceAfterClockSetBack(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	for range credential.MaxTrustedDevices {
		h.clock.Advance(time.Minute)
		_, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
		require.NoError(t, err)
	}
	h.clock.Advance(-24 * time.Hour)
	again := newLoginAttempt("jane", goodPassword)
	_, err := h.Authenticate(t.Context(), again)
	require.ErrorIs(t, err, store.ErrRateLimited, "which does not know how many tries there were")
	h.clock.Advance(time.Minute)
	for range 3 {
		login, err := h.Authenticate(t.Context(), again)
		require.NoError(t, err)
		if !again.DeviceToken.IsZero() {
			require.True(t, login.DeviceToken.Equal(again.DeviceToken))
		}
		again.DeviceToken = login.DeviceToken
	}
	h.requireAuditIntact(t)
}
