package web

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// toggleFunc is Disable or Enable.
type toggleFunc func(ctx context.Context, name string) (*manager.Account, error)

// managerSecretPage shows a new secret, once.
type managerSecretPage struct {
	Name, Back string
	// Secret is empty when it was shown before.
	Secret copyable
	// Host and Port are where AMI is, as far as this server knows.
	Host, Port string
	Command    copyable
	Login      copyable
}

// redirectToManagerSecret has the next page show the secret of u.
func (v *pageHandler) redirectToManagerSecret(u *manager.Account) error {
	v.runner.InvalidateStatus()
	v.stashSecret(secretKey, u.Name, u.SecretChangedAt, u.Secret.Reveal())
	return v.redirect(managerPath(u.Name) + "/secret")
}

func (v *pageHandler) managerSecret() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	secret := v.takeSecret(secretKey, u.Name, u.SecretChangedAt)
	host, port := v.amiAddress()
	return v.render("amiaccountsecret", "Secret of "+u.Name, managerSecretPage{
		Name: u.Name, Back: managerPath(u.Name), Host: host, Port: port,
		Secret:  copyable{ID: "secret", Text: secret, What: "the secret"},
		Command: copyable{ID: "command", Text: "nc " + host + " " + port, What: "the command"},
		Login: copyable{
			ID: "login", Text: "Action: Login\nUsername: " + u.Name + "\nSecret: " + secret + "\n\n", What: "the login",
		},
	})
}

// amiAddress is where an integration finds AMI: on the host of this server,
// unless the settings name another one.
func (v *pageHandler) amiAddress() (host, port string) {
	host, port = "127.0.0.1", "5038"
	if u, err := url.Parse(v.baseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	address, err := v.site.Settings.Address()
	if err != nil || address == app.NoAsterisk {
		return host, port
	}
	amiHost, amiPort, err := net.SplitHostPort(address)
	if err != nil {
		return host, port
	}
	if ip := net.ParseIP(amiHost); amiHost != "localhost" && (ip == nil || !ip.IsLoopback()) {
		host = amiHost
	}
	return host, amiPort
}

// probeResult is how a test of an account went.
type probeResult struct {
	OK      bool
	Message string
}

// managerProbe logs in as the account. Where htmx asks it answers with the
// result alone.
func (v *pageHandler) managerProbe() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	result, err := v.probeManager(u.Name)
	if err != nil {
		return err
	}
	if v.isHTMX() {
		return v.renderFragment("probed", result)
	}
	form := v.managerFields(u.Name, inputOfManager(u), formErrors{})
	form.Version, form.Action = managerVersion(u), managerPath(u.Name)
	return v.render("amiaccount", "AMI account "+u.Name, managerPage{Account: u, Form: form, Probe: result})
}

func (v *pageHandler) probeManager(name string) (*probeResult, error) {
	ctx := v.r.Context()
	result, err := v.site.Probe(ctx, name, nil)
	if errors.Is(err, store.ErrConflict) || errors.Is(err, fs.ErrNotExist) {
		return &probeResult{Message: "No Asterisk is connected. Check the AMI address in the settings."}, nil
	}
	if err != nil {
		return nil, err
	}
	message := sentence(result.Message)
	if result.Outcome != manager.LoggedIn && v.hasPendingChanges(ctx) {
		message += " There are pending changes. Apply them first."
	}
	return &probeResult{OK: result.Outcome == manager.LoggedIn, Message: message}, nil
}

// hasPendingChanges reports whether there is something to apply, as far as is known.
func (v *pageHandler) hasPendingChanges(ctx context.Context) bool {
	status, err := v.runner.Status(ctx)
	return err == nil && status.Pending
}
