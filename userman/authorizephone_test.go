package userman_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// requireForbidden requires a ForbiddenError with exactly that sentence.
func requireForbidden(t testing.TB, err error, reason string) {
	t.Helper()
	forbidden, ok := errors.AsType[*store.ForbiddenError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, reason, forbidden.Reason)
}

// As in the guide: the phone of extension 4001 shows call forwarding when the
// person whose default extension that is has the module, or all of them.
func TestService_AuthorizePhone_checksModulesOfDefaultExtensionUser(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane", "4001", "4002")
	jane.Permissions = permission.Permissions{permission.PhoneAppsModules: permission.Set("call_forward")}
	h.createUser(t, jane, "")
	john := newUser("john", "4003")
	john.Permissions = permission.Permissions{permission.PhoneAppsModules: permission.Set("all")}
	h.createUser(t, john, "")
	h.createUser(t, newUser("joan", "4004"), "")

	u, err := h.AuthorizePhone(t.Context(), "4001", "call_forward")
	require.NoError(t, err)
	require.Equal(t, h.get(t, "jane"), u)
	_, err = h.AuthorizePhone(t.Context(), "4003", "call_forward")
	require.NoError(t, err, "all modules")

	const notPermitted = "the user of this extension does not have the permission for this phone app; ask your administrator for it"
	const nobody = "this extension is not the default extension of a user; ask your administrator to assign it"
	for _, tc := range []struct{ extension, module, reason string }{
		{"4001", "voicemail", notPermitted},
		{"4001", "", notPermitted},
		{"4003", "", notPermitted},
		{"4004", "call_forward", notPermitted},
		{"4002", "call_forward", nobody}, // a linked one is not the default one
		{"4009", "call_forward", nobody},
		{"", "call_forward", nobody},
		{"all", "call_forward", nobody},
	} {
		_, err := h.AuthorizePhone(t.Context(), tc.extension, tc.module)
		requireForbidden(t, err, tc.reason)
	}
	_, err = h.Disable(t.Context(), "john")
	require.NoError(t, err)
	_, err = h.AuthorizePhone(t.Context(), "4003", "call_forward")
	requireForbidden(t, err, "the user of this extension is disabled; ask your administrator to enable the user")
}

func TestService_AuthorizePhone_respectsContext(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.AuthorizePhone(ctx, "1001", "call_forward")
	require.ErrorIs(t, err, context.Canceled)
}
