// Package apitoken implements API tokens. A program with a token acts for the user
// who owns the token.
//
// A token has an ID and a key. [Service.Create] and [Service.Rotate] return the
// key; the store has only its hash. A server calls [Service.Authenticate] for each
// request of a program.
//
// Package userman does not import this package. It disables and deletes tokens
// through [Dependents]:
//
//	opts := &apitoken.Options{Audit: log}
//	users := userman.New(db.Users(team), &userman.Options{
//		Audit:      log,
//		Dependents: []userman.Dependents{apitoken.Dependents(db.Tokens(team), opts)},
//	})
//	tokens := apitoken.New(db.Tokens(team), users, opts)
package apitoken
