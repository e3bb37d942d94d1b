package ampusers_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
)

// newScopedEnv has one Full and three Limited administrators. jane has more rights
// than jim, and as many as joan but for other extensions.
func newScopedEnv(t testing.TB, db backend) *env {
	t.Helper()
	h := newEnv(t, db)
	h.createFull(t, "boss")
	for username, extensions := range map[string]string{"jane": "100-199", "joan": "200-299"} {
		h.createAdministrator(t, &ampusers.Administrator{Username: username, Sections: []string{"administrators", "managers"}, Extensions: mustRanges(t, extensions), DIDs: mustRanges(t, "5550-5559"), Teams: []string{"acme"}}, goodPassword)
	}
	h.createAdministrator(t, &ampusers.Administrator{Username: "jim", Sections: []string{"managers"}, Extensions: mustRanges(t, "150-160"), DIDs: mustRanges(t, "5550"), Teams: []string{"acme"}}, goodPassword)
	return h
}

// targetActions are all actions on another administrator.
func targetActions(t testing.TB, s *ampusers.Service) map[string]func(username string) error {
	t.Helper()
	acts := demotingActions(t, s)
	acts["get"] = func(username string) error {
		_, err := s.Get(t.Context(), username)
		return err
	}
	acts["update nothing"] = func(username string) error {
		_, err := s.Update(t.Context(), username, func(*ampusers.Administrator) error { return nil })
		return err
	}
	acts["enable"] = func(username string) error {
		_, err := s.Enable(t.Context(), username)
		return err
	}
	acts["set password"] = func(username string) error {
		_, err := s.SetPassword(t.Context(), username, secret(otherPassword), nil)
		return err
	}
	acts["set password hash"] = func(username string) error {
		_, err := s.SetPasswordHash(t.Context(), username, secret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"))
		return err
	}
	acts["invite"] = func(username string) error {
		_, err := s.Invite(t.Context(), username)
		return err
	}
	acts["remove second factor"] = func(username string) error {
		_, err := s.RemoveSecondFactor(t.Context(), username)
		return err
	}
	acts["end sessions"] = func(username string) error { return s.EndSessions(t.Context(), username) }
	return acts
}

// selfActions are the actions that administrators do only for themselves.
func selfActions(t testing.TB, s *ampusers.Service) map[string]func(username string) error {
	t.Helper()
	return map[string]func(username string) error{
		"begin second factor": func(username string) error {
			_, err := s.BeginSecondFactor(t.Context(), username, secret(goodPassword))
			return err
		},
		"pending second factor": func(username string) error {
			_, err := s.PendingSecondFactor(t.Context(), username)
			return err
		},
		"confirm second factor": func(username string) error {
			_, err := s.ConfirmSecondFactor(t.Context(), username, "000000")
			return err
		},
		"new recovery codes": func(username string) error {
			_, err := s.NewRecoveryCodes(t.Context(), username, secret(goodPassword))
			return err
		},
		"remove own second factor": func(username string) error {
			_, err := s.RemoveOwnSecondFactor(t.Context(), username, secret(goodPassword))
			return err
		},
		"change password": func(username string) error {
			_, err := s.ChangePassword(t.Context(), username, secret(goodPassword), secret(otherPassword))
			return err
		},
	}
}

func TestService_ForActor_rejectsOutOfScopeAdministrators(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newScopedEnv(t, db)
			before := mustList(t, h, ampusers.Query{})
			for _, pair := range [][2]string{{"jane", "boss"}, {"jane", "joan"}, {"jim", "jane"}} {
				s := h.ForActor(pair[0])
				acts := targetActions(t, s)
				maps.Copy(acts, selfActions(t, s))
				for name, act := range acts {
					require.ErrorIs(t, act(pair[1]), store.ErrForbidden, "%v %s", pair, name)
				}
			}
			require.Equal(t, before, mustList(t, h, ampusers.Query{}), "nothing was changed")
			require.Equal(t, "jane jim", names(mustList(t, &env{Service: h.ForActor("jane")}, ampusers.Query{})))
			require.Equal(t, "jim", names(mustList(t, &env{Service: h.ForActor("jim")}, ampusers.Query{})))
			require.Equal(t, "boss jane jim joan", names(mustList(t, &env{Service: h.ForActor("boss")}, ampusers.Query{})))
			for name, act := range targetActions(t, h.ForActor("jane")) {
				if err := act("jim"); name != "disable by an update" {
					require.NotErrorIs(t, err, store.ErrForbidden, name)
				}
			}
			h.requireAuditIntact(t)
		})
	}
}

// Even a Full administrator cannot set up a second factor for another one, because
// its secret is shown then.
func TestService_ForActor_restrictsSelfOnlyMethods(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	for name, act := range selfActions(t, h.ForActor("boss")) {
		require.ErrorIs(t, act("jane"), store.ErrForbidden, name)
	}
	for name, act := range selfActions(t, h.ForActor("JIM")) {
		require.NotErrorIs(t, act("jim"), store.ErrForbidden, name)
	}
}

func TestService_Get_recordsDeniedAccess(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	before := len(h.auditEntries(t, audit.Query{}))
	for _, username := range []string{"jim", "nobody"} {
		_, _ = h.ForActor("jane").Get(t.Context(), username)
	}
	require.Len(t, h.auditEntries(t, audit.Query{}), before)
	_, err := h.ForActor("jane").Get(t.Context(), "BOSS")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Equal(t, "denied access boss: forbidden", h.lastAuditEntry(t))
	_, err = h.ForActor("ghost").Get(t.Context(), "boss")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Equal(t, "denied access boss: forbidden", h.lastAuditEntry(t))
	require.Len(t, h.auditEntries(t, audit.Query{}), before+2)
}

func TestService_Get_allowsSelf(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	for _, username := range []string{"boss", "jane", "jim"} {
		a, err := h.ForActor(username).Get(t.Context(), username)
		require.NoError(t, err)
		require.Equal(t, username, a.Username)
	}
	_, err := h.ForActor("jane").Get(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_ForActor_rejectsPrivilegeEscalation(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newScopedEnv(t, db)
			jane := h.ForActor("jane")
			for name, wide := range map[string]func(a *ampusers.Administrator){
				"full": func(a *ampusers.Administrator) {
					*a = ampusers.Administrator{Username: a.Username, Access: ampusers.Full}
				},
				"another section":  func(a *ampusers.Administrator) { a.Sections = []string{"audit"} },
				"apply":            func(a *ampusers.Administrator) { a.Sections = []string{ampusers.SectionApply} },
				"all extensions":   func(a *ampusers.Administrator) { a.Extensions = scope.Ranges{} },
				"other extensions": func(a *ampusers.Administrator) { a.Extensions = mustRanges(t, "199-200") },
				"all DIDs":         func(a *ampusers.Administrator) { a.DIDs = scope.Ranges{} },
				"other DIDs":       func(a *ampusers.Administrator) { a.DIDs = mustRanges(t, "5550-5560") },
				"all teams":        func(a *ampusers.Administrator) { a.Teams = nil },
				"another team":     func(a *ampusers.Administrator) { a.Teams = []string{"acme", "beta"} },
				"the default team": func(a *ampusers.Administrator) { a.Teams = []string{""} },
			} {
				a := &ampusers.Administrator{Username: "new", Extensions: mustRanges(t, "100"), DIDs: mustRanges(t, "5550"), Teams: []string{"acme"}}
				wide(a)
				_, err := jane.Create(t.Context(), a, store.Secret{})
				require.ErrorIs(t, err, store.ErrForbidden, name)
				for _, username := range []string{"jim", "jane"} {
					_, err = jane.Update(t.Context(), username, func(a *ampusers.Administrator) error {
						if name == "full" {
							*a = ampusers.Administrator{Username: a.Username, Access: ampusers.Full}
							return nil
						}
						wide(a)
						return nil
					})
					require.ErrorIs(t, err, store.ErrForbidden, "%s %s", username, name)
					require.Equal(t, "denied update "+username+": forbidden", h.lastAuditEntry(t))
				}
			}
			_, err := jane.Create(t.Context(), &ampusers.Administrator{Username: "new", Sections: []string{"managers"}, Extensions: mustRanges(t, "100-120"), DIDs: mustRanges(t, "5555"), Teams: []string{"acme"}}, store.Secret{})
			require.NoError(t, err)
			h.requireAuditIntact(t)
		})
	}
}

// The rights are read at each call, not when the service is created.
func TestService_ForActor_rejectsDisabledOrDeletedActor(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	jane, ghost := h.ForActor("jane"), h.ForActor("ghost")
	_, err := jane.Get(t.Context(), "jim")
	require.NoError(t, err)
	_, err = h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	for name, s := range map[string]*ampusers.Service{"disabled": jane, "gone": ghost, "nobody": h.ForActor("")} {
		for act, do := range targetActions(t, s) {
			require.ErrorIs(t, do("jim"), store.ErrForbidden, "%s %s", name, act)
			require.ErrorIs(t, do("jane"), store.ErrForbidden, "%s %s", name, act)
		}
		_, err = s.List(t.Context(), ampusers.Query{})
		require.ErrorIs(t, err, store.ErrForbidden)
		_, err = s.Create(t.Context(), &ampusers.Administrator{Username: "new"}, store.Secret{})
		require.ErrorIs(t, err, store.ErrForbidden)
	}
}

func TestService_RestoreAccess_requiresConsole(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	_, err := h.ForActor("boss").RestoreAccess(t.Context(), "jane")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Equal(t, "denied recover jane: forbidden", h.lastAuditEntry(t))
	_, err = h.ForActor("boss").Bootstrap(t.Context())
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Equal(t, "denied first start : forbidden", h.lastAuditEntry(t))
}

func TestService_List_paginatesWithinScope(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createLimited(t, "keeper", "managers")
			var want []string
			for i := range 30 {
				a := &ampusers.Administrator{Username: fmt.Sprintf("a%02d", i), Access: ampusers.Full}
				if i%3 == 0 || i > 20 {
					a.Access, a.Sections = ampusers.Limited, []string{"managers"}
					want = append(want, a.Username)
				}
				h.createAdministrator(t, a, "")
			}
			want = append(want, "keeper")
			// zoe is the last in each order.
			h.createFull(t, "zoe")
			h.createAdministrator(t, &ampusers.Administrator{Username: "a-", Access: ampusers.Full}, "")
			for _, limit := range []int{1, 7, 50} {
				for _, order := range []store.Sort{{}, {By: "created_at"}, {Descending: true}} {
					q := ampusers.Query{Sort: order, PageRequest: store.PageRequest{Limit: limit, Count: true}}
					var got []string
					for {
						list, err := h.ForActor("keeper").List(t.Context(), q)
						require.NoError(t, err)
						require.Equal(t, len(want), list.Total, "the total does not reveal others")
						require.LessOrEqual(t, len(list.Items), limit)
						for _, a := range list.Items {
							got = append(got, a.Username)
						}
						if q.After = list.Next; q.After == "" {
							break
						}
						require.Len(t, list.Items, limit, "a page that is not the last is full")
						require.NotEqual(t, len(want), len(got), "the result does not reveal that others follow")
					}
					require.ElementsMatch(t, want, got, "%d %v", limit, order)
				}
			}
		})
	}
}

// A demotion applies to a request if it commits before the transaction of the
// request, even if the request started earlier.
func TestService_ForActor_demotionCommittedFirstCounts(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(ctx context.Context, jane *ampusers.Service) error{
		"create": func(ctx context.Context, jane *ampusers.Service) error {
			_, err := jane.Create(ctx, &ampusers.Administrator{Username: "new", Sections: []string{"managers"}}, store.Secret{})
			return err
		},
		"update": func(ctx context.Context, jane *ampusers.Service) error {
			_, err := jane.Update(ctx, "jim", func(*ampusers.Administrator) error { return nil })
			return err
		},
		"set_password": func(ctx context.Context, jane *ampusers.Service) error {
			_, err := jane.SetPassword(ctx, "jim", secret(otherPassword), nil)
			return err
		},
		"delete": func(ctx context.Context, jane *ampusers.Service) error { return jane.Delete(ctx, "jim") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, racing := newRacingEnv(t, func(h *env) {
				_, err := h.Update(h.t.Context(), "jane", func(a *ampusers.Administrator) error {
					a.Sections = []string{"audit"}
					return nil
				})
				require.NoError(h.t, err)
			})
			h.createLimited(t, "jim", "managers")
			require.ErrorIs(t, run(t.Context(), racing.ForActor("jane")), store.ErrForbidden)
			require.Contains(t, h.lastAuditEntry(t), "forbidden")
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Scope_followsTheStoredAdministrator(t *testing.T) {
	t.Parallel()
	h := newScopedEnv(t, memstore.New())
	sc, err := h.Scope(t.Context(), "jane", "acme")
	require.NoError(t, err)
	require.True(t, sc.HasExtension("150"))
	require.False(t, sc.HasExtension("200"))
	other, err := h.Scope(t.Context(), "jane", "globex")
	require.NoError(t, err)
	require.False(t, other.HasExtension("150"), "a team that is not hers")

	_, err = h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Extensions = mustRanges(t, "200-299")
		return nil
	})
	require.NoError(t, err)
	sc, err = h.Scope(t.Context(), "jane", "acme")
	require.NoError(t, err)
	require.False(t, sc.HasExtension("150"))
	require.True(t, sc.HasExtension("200"))

	_, err = h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
		a.Disabled = true
		return nil
	})
	require.NoError(t, err)
	sc, err = h.Scope(t.Context(), "jane", "acme")
	require.ErrorIs(t, err, store.ErrForbidden)
	require.False(t, sc.HasExtension("200"))
	_, err = h.Scope(t.Context(), "nobody", "")
	require.ErrorIs(t, err, store.ErrForbidden)
}
