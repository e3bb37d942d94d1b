package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/servertest"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// A page of 50 among 100 000 accounts may take 60 ms.
func BenchmarkPages_accountList(b *testing.B) {
	s := servertest.Start(b, &servertest.Options{Logger: slog.New(slog.DiscardHandler)})
	s.AddAdministrator(b, ampusers.Administrator{Username: "root.admin", Access: ampusers.Full}, password)
	accounts := s.Site.DB.AMIAccounts()
	require.NoError(b, accounts.RunInTx(b.Context(), func(ctx context.Context) error {
		for i := range 100_000 {
			u := &manager.Account{Name: fmt.Sprintf("account-%06d", i), Secret: store.NewSecret("a-secret-of-ami-1"), Owner: "IT team"}
			if err := accounts.CreateAccount(ctx, u); err != nil {
				return err
			}
		}
		return nil
	}))
	client := s.LogIn(b, "root.admin", password)
	for name, path := range map[string]string{
		"first": "/ami-accounts", "sorted": "/ami-accounts?sort=-updated_at", "searched": "/ami-accounts?search=account-0999", "missed": "/ami-accounts?search=zzz",
	} {
		b.Run(name, func(b *testing.B) {
			s.Get(b, client, path) // checks once what is not live
			for b.Loop() {
				response, _ := s.Get(b, client, path)
				require.Equal(b, http.StatusOK, response.StatusCode)
			}
		})
	}
}
