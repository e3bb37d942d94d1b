package login

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/internal/secondfactor"
	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// logIn ends the login of a candidate whose password is proven. Everything is
// asked again where it is written: a code is spent once, also by two logins at
// the same instant.
func (d *Desk) logIn(ctx context.Context, c *candidate) (*Login, error) {
	if c.known.Credentials.HasSecondFactor() && c.Code == "" {
		return nil, codeRequired(c.known.Generation)
	}
	tries := []throttle.Try{c.try}
	if secondfactor.IsCode(c.Code) {
		guess := c.try
		guess.Code = true
		if err := d.admit(ctx, c, guess); err != nil {
			return nil, err
		}
		tries = append(tries, guess)
	}
	token, tokenHash, err := d.deviceToken(c)
	if err != nil {
		return nil, err
	}
	var login *Login
	err = d.opts.Records.Atomically(ctx, func(ctx context.Context) (err error) {
		login, err = d.enter(ctx, c, tokenHash)
		return err
	})
	if err != nil {
		return nil, d.refuse(ctx, c, err)
	}
	login.Device = token
	for _, try := range tries {
		d.opts.Throttle.Succeeded(try)
	}
	d.opts.Log.InfoContext(ctx, d.opts.Kind+": login", "username", c.known.Name)
	return login, nil
}

// deviceToken returns the token that the candidate's device holds, when it is
// known, or a new one, and what to keep of it.
func (d *Desk) deviceToken(c *candidate) (token store.Secret, hash []byte, err error) {
	if c.try.Device != "" {
		return c.Device, HashToken(c.Device), nil
	}
	return NewToken(d.opts.Random)
}

// enter writes, in the transaction of ctx, that the candidate logged in from
// the device that holds a token of this hash.
func (d *Desk) enter(ctx context.Context, c *candidate, tokenHash []byte) (*Login, error) {
	after, err := d.still(ctx, c)
	if err != nil {
		return nil, err
	}
	left := -1
	if after.Credentials.HasSecondFactor() {
		if left, err = d.spend(after, c.Code); err != nil {
			return nil, err
		}
	}
	after.LastLoginAt = d.now()
	after.Credentials.Devices = remembered(after.Credentials.Devices, tokenHash, after.LastLoginAt)
	actor := audit.Actor{Kind: d.opts.Actor, Name: after.Name, Source: told(c.Source)}
	if err := d.opts.Records.Keep(audit.WithActor(ctx, actor), "login", after); err != nil {
		return nil, err
	}
	return &Login{Account: after, RecoveryCodesLeft: left}, nil
}

// spend uses up a code, and returns how many recovery codes are left when it
// was one of them, or -1.
func (d *Desk) spend(a *Account, code string) (int, error) {
	factor := a.Credentials.SecondFactor
	if step, ok := secondfactor.Match(factor.Secret, code, d.now(), factor.LastStep); ok {
		factor.LastStep = step
		return -1, nil
	}
	used := secondfactor.MatchRecovery(factor.RecoveryHashes, code)
	if used < 0 {
		return -1, wrongCode(a.Generation)
	}
	factor.RecoveryHashes = slices.Delete(factor.RecoveryHashes, used, used+1)
	return len(factor.RecoveryHashes), nil
}
