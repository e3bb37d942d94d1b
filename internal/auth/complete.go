package auth

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/totp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// logIn completes a login with a verified password. All checks are repeated in the
// transaction: a code works once, also for two concurrent logins.
func (au *Authenticator) logIn(ctx context.Context, c *claimant) (*Login, error) {
	if c.account.Credentials.HasSecondFactor() && c.Code == "" && c.mfaToken.IsZero() {
		return au.requireMFA(ctx, c)
	}
	attempts := []ratelimit.Attempt{c.rateAttempt}
	if totp.IsCode(c.Code) {
		codeAttempt := c.rateAttempt
		codeAttempt.Code = true
		if err := au.rateLimit(ctx, c, codeAttempt); err != nil {
			return nil, err
		}
		attempts = append(attempts, codeAttempt)
	}
	token, tokenHash, err := au.trustedDeviceToken(c)
	if err != nil {
		return nil, err
	}
	var login *Login
	err = au.opts.Accounts.RunInTx(ctx, func(ctx context.Context) (err error) {
		login, err = au.complete(ctx, c, tokenHash)
		return err
	})
	if err != nil {
		return nil, au.recordDenied(ctx, c, err)
	}
	login.DeviceToken = token
	for _, attempt := range attempts {
		au.opts.Limiter.Reset(attempt)
	}
	au.opts.Logger.InfoContext(ctx, au.opts.Kind+": login", "username", c.account.Name)
	return login, nil
}

// trustedDeviceToken returns the token of the claimant's device, if it is trusted,
// or a new token, and its hash.
func (au *Authenticator) trustedDeviceToken(c *claimant) (token store.Secret, hash []byte, err error) {
	if c.rateAttempt.Device != "" {
		return c.DeviceToken, HashToken(c.DeviceToken), nil
	}
	return NewToken(au.opts.Random)
}

// complete saves, in the transaction of ctx, a login from the device with that
// token hash.
func (au *Authenticator) complete(ctx context.Context, c *claimant, tokenHash []byte) (*Login, error) {
	after, err := au.reload(ctx, c)
	if err != nil {
		return nil, err
	}
	left := -1
	if after.Credentials.HasSecondFactor() {
		if left, err = au.consumeCode(after, c.Code); err != nil {
			return nil, err
		}
	}
	if !c.mfaToken.IsZero() {
		if err := au.useMFAToken(ctx, c.mfaToken); err != nil {
			return nil, err
		}
	}
	after.LastLoginAt = au.now()
	after.Credentials.Devices = rememberDevice(after.Credentials.Devices, tokenHash, after.LastLoginAt)
	actor := c.actor(au.opts.ActorKind)
	actor.Name = after.Name
	if err := au.opts.Accounts.Save(audit.WithActor(ctx, actor), "login", after); err != nil {
		return nil, err
	}
	return &Login{Account: after, LoginResult: credential.LoginResult{RecoveryCodesLeft: left}}, nil
}

// requireMFA returns a login that waits for a code.
func (au *Authenticator) requireMFA(ctx context.Context, c *claimant) (*Login, error) {
	token, err := au.newMFAToken(ctx, c.account)
	if err != nil {
		return nil, err
	}
	return &Login{LoginResult: credential.LoginResult{MFAToken: token, RecoveryCodesLeft: -1}}, nil
}

// consumeCode uses up a code. It returns the number of recovery codes that are left
// if the code was one of them, or -1.
func (au *Authenticator) consumeCode(a *Account, code string) (int, error) {
	factor := a.Credentials.SecondFactor
	if step, ok := totp.Validate(factor.Secret, code, au.now(), factor.LastStep); ok {
		factor.LastStep = step
		return -1, nil
	}
	used := totp.MatchRecoveryCode(factor.RecoveryHashes, code)
	if used < 0 {
		return 0, invalidMFACode()
	}
	factor.RecoveryHashes = slices.Delete(factor.RecoveryHashes, used, used+1)
	return len(factor.RecoveryHashes), nil
}
