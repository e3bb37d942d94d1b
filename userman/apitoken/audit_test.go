package apitoken_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func TestAudit_reportsTokenModifiedOutsideService(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"))
	token, _ := h.createToken(t, "jane", apitoken.Token{})
	h.requireAuditIntact(t)
	require.NoError(t, h.store.UpdateToken(t.Context(), token.ID, func(token *apitoken.Token) error {
		token.KeyHash = bytes.Repeat([]byte{1}, 32)
		return nil
	}))
	found, err := h.auditLog.Verify(t.Context(), h.users.AuditSource()...)
	require.NoError(t, err)
	require.NotEmpty(t, found.Findings)
}

func TestAudit_ignoresUsageCounters(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"))
	token, _ := h.createToken(t, "jane", apitoken.Token{})
	_, err := h.store.TakeRequest(t.Context(), token.ID, h.clock.Now(), 10)
	require.NoError(t, err)
	h.requireAuditIntact(t)
}

func TestAudit_prefixesKeysWithTeam(t *testing.T) {
	t.Parallel()
	h := newServiceWithDB(t, memstore.New(), "acme")
	h.createUser(t, newUser("jane", "1001"))
	token, _ := h.createToken(t, "jane", apitoken.Token{})
	require.Equal(t, "succeeded create acme/"+string(token.ID), h.lastAuditEntry(t))
	h.requireAuditIntact(t)
	_, err := h.Update(t.Context(), token.ID, func(token *apitoken.Token) error { token.Disabled = true; return nil })
	require.NoError(t, err)
	require.Len(t, h.entries(t, audit.Query{Kind: apitoken.Kind, Key: string("acme/" + token.ID)}), 2)
	h.requireAuditIntact(t)
}
