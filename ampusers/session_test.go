package ampusers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestASessionEndsWhenItHasTo(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(h *house) error{
		"set password": func(h *house) error {
			_, err := h.SetPassword(h.t.Context(), "jane", secret(anotherPassword))
			return err
		},
		"change password": func(h *house) error {
			_, err := h.ChangePassword(h.t.Context(), "jane", secret(goodPassword), secret(anotherPassword))
			return err
		},
		"accept invitation": func(h *house) error {
			link, err := h.Invite(h.t.Context(), "jane")
			require.NoError(h.t, err)
			_, err = h.AcceptInvitation(h.t.Context(), link.Token, secret(anotherPassword))
			return err
		},
		"disable": func(h *house) error {
			_, err := h.Disable(h.t.Context(), "jane")
			return err
		},
		"disable and enable": func(h *house) error {
			_, err := h.Disable(h.t.Context(), "jane")
			require.NoError(h.t, err)
			_, err = h.Enable(h.t.Context(), "jane")
			return err
		},
		"disable by an update, and enable": func(h *house) error {
			_, err := h.Update(h.t.Context(), "jane", func(a *ampusers.Administrator) error {
				a.Disabled = true
				return nil
			})
			require.NoError(h.t, err)
			_, err = h.Enable(h.t.Context(), "jane")
			return err
		},
		"disable in the database": func(h *house) error {
			return h.store.UpdateAdministrator(h.t.Context(), "jane", func(a *ampusers.Administrator) error {
				a.Disabled = true
				return nil
			})
		},
		"demote": func(h *house) error {
			_, err := h.Update(h.t.Context(), "jane", func(a *ampusers.Administrator) error {
				a.Access = ampusers.Limited
				return nil
			})
			return err
		},
		"recover": func(h *house) error {
			_, err := h.Recover(h.t.Context(), "jane")
			return err
		},
		"end sessions": func(h *house) error { return h.EndSessions(h.t.Context(), "jane") },
		"delete":       func(h *house) error { return h.Delete(h.t.Context(), "jane") },
		"delete and make again": func(h *house) error {
			require.NoError(h.t, h.Delete(h.t.Context(), "jane"))
			h.full(h.t, "jane")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, memstore.New())
			h.full(t, "boss")
			h.full(t, "jane")
			login, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
			require.NoError(t, err)
			generation := login.Administrator.SessionGeneration
			now, err := h.Session(t.Context(), "JANE", generation)
			require.NoError(t, err)
			require.Equal(t, login.Administrator, now)

			require.NoError(t, act(h))
			_, err = h.Session(t.Context(), "jane", generation)
			require.ErrorIs(t, err, store.ErrNotFound)
		})
	}
}

func TestASessionHasTheRightsOfNow(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane", "managers")
	login, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
	_, err = h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Sections = []string{"audit"}
		return nil
	})
	require.NoError(t, err)
	now, err := h.Session(t.Context(), "jane", login.Administrator.SessionGeneration)
	require.NoError(t, err)
	require.True(t, now.Can("audit"))
	require.False(t, now.Can("managers"))
}

func TestADeviceIsKnownAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	h.limited(t, "joan")
	first, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
	again := attempt("jane", goodPassword)
	again.Device = first.Device
	h.clock.Pass(time.Hour)
	second, err := h.Authenticate(t.Context(), again)
	require.NoError(t, err)
	require.True(t, second.Device.Equal(first.Device), "a known device keeps its token")
	kept, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Len(t, kept.Credentials.Devices, 1)
	require.Equal(t, h.clock.Now(), kept.Credentials.Devices[0].UsedAt)

	// One administrator's device is a stranger to another.
	other := attempt("joan", goodPassword)
	other.Device = first.Device
	third, err := h.Authenticate(t.Context(), other)
	require.NoError(t, err)
	require.False(t, third.Device.Equal(first.Device))
}

func TestTheDeviceThatWasNotUsedForLongestIsForgotten(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	var tokens []store.Secret
	for range ampusers.MaxDevices + 1 {
		h.clock.Pass(time.Minute)
		login, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
		require.NoError(t, err)
		tokens = append(tokens, login.Device)
		// The first one stays in use.
		again := attempt("jane", goodPassword)
		again.Device = tokens[0]
		h.clock.Pass(time.Minute)
		_, err = h.Authenticate(t.Context(), again)
		require.NoError(t, err)
	}
	kept, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Len(t, kept.Credentials.Devices, ampusers.MaxDevices)
	for _, i := range []int{0, 2, 1} { // the last one is new, and takes the place of another
		again := attempt("jane", goodPassword)
		again.Device = tokens[i]
		login, err := h.Authenticate(t.Context(), again)
		require.NoError(t, err)
		require.Equal(t, i != 1, login.Device.Equal(tokens[i]), i)
	}
}

func TestDevicesAreForgottenWhenThePasswordIsSetByAnothersHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	_, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
	require.NoError(t, err)
	_, err = h.ChangePassword(t.Context(), "jane", secret(goodPassword), secret(anotherPassword))
	require.NoError(t, err)
	kept, err := h.store.Administrator(t.Context(), "jane")
	require.NoError(t, err)
	require.Len(t, kept.Credentials.Devices, 1, "by the own hand it stays")
	for name, act := range map[string]func() error{
		"set": func() error {
			_, err := h.SetPassword(t.Context(), "jane", secret(anotherPassword))
			return err
		},
		"invited": func() error {
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
			return err
		},
		"taken over": func() error {
			_, err := h.SetPasswordHash(t.Context(), "jane", kept.Credentials.PasswordHash)
			return err
		},
		"recovered": func() error {
			_, err := h.Recover(t.Context(), "jane")
			return err
		},
	} {
		_, err := h.Authenticate(t.Context(), attempt("jane", anotherPassword))
		require.NoError(t, err)
		require.NoError(t, act())
		after, err := h.store.Administrator(t.Context(), "jane")
		require.NoError(t, err)
		require.Empty(t, after.Credentials.Devices, name)
	}
}

func TestANewDeviceIsRememberedAlsoWhenTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, memstore.New())
	h.limited(t, "jane")
	for range ampusers.MaxDevices {
		h.clock.Pass(time.Minute)
		_, err := h.Authenticate(t.Context(), attempt("jane", goodPassword))
		require.NoError(t, err)
	}
	h.clock.Pass(-24 * time.Hour)
	again := attempt("jane", goodPassword)
	_, err := h.Authenticate(t.Context(), again)
	require.ErrorIs(t, err, store.ErrThrottled, "which does not know how many tries there were")
	h.clock.Pass(time.Minute)
	for range 3 {
		login, err := h.Authenticate(t.Context(), again)
		require.NoError(t, err)
		if !again.Device.IsZero() {
			require.True(t, login.Device.Equal(again.Device))
		}
		again.Device = login.Device
	}
	h.requireProven(t)
}
