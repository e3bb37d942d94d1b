package web

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/url"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// turning is Disable or Enable.
type turning func(ctx context.Context, name string) (*manager.User, error)

// managerSecretPage shows a new secret, once.
type managerSecretPage struct {
	Name, Back string
	// Secret is empty when it was shown before.
	Secret copied
	// Host and Port are where AMI is, as far as this server knows.
	Host, Port string
	Command    copied
	Login      copied
}

// showManagerSecret has the next page show the secret of u.
func (v *visit) showManagerSecret(u *manager.User) error {
	v.runner.Changed()
	v.showOnce(secretKey, u.Name, u.SecretChangedAt, u.Secret.Reveal())
	return v.redirect(managerPath(u.Name) + "/secret")
}

func (v *visit) managerSecret() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	secret := v.shownOnce(secretKey, u.Name, u.SecretChangedAt)
	host, port := v.amiPlace()
	return v.show("managersecret", "Secret of "+u.Name, managerSecretPage{
		Name: u.Name, Back: managerPath(u.Name), Host: host, Port: port,
		Secret:  copied{ID: "secret", Text: secret, What: "the secret"},
		Command: copied{ID: "command", Text: "nc " + host + " " + port, What: "the command"},
		Login: copied{
			ID: "login", Text: "Action: Login\nUsername: " + u.Name + "\nSecret: " + secret + "\n\n", What: "the login",
		},
	})
}

// amiPlace is where an integration finds AMI: on the host of this server,
// unless the settings name another one.
func (v *visit) amiPlace() (host, port string) {
	host, port = "127.0.0.1", "5038"
	if u, err := url.Parse(v.baseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	address, err := v.site.Settings.Address()
	if err != nil || address == site.NoAsterisk {
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

// probed is how a test of an account went.
type probed struct {
	OK      bool
	Message string
}

// managerProbe logs in as the account. Where htmx asks it answers with the
// result alone.
func (v *visit) managerProbe() error {
	u, err := v.manager()
	if err != nil {
		return err
	}
	result, err := v.probe(u.Name)
	if err != nil {
		return err
	}
	if v.partial() {
		return v.showPart("probed", result)
	}
	form := v.managerFields(u.Name, inputOfManager(u), refusals{})
	form.Version, form.Action = managerVersion(u), managerPath(u.Name)
	return v.show("manager", "AMI account "+u.Name, managerPage{User: u, Form: form, Probe: result})
}

func (v *visit) probe(name string) (*probed, error) {
	ctx := v.r.Context()
	result, err := v.site.Probe(ctx, name, nil)
	if errors.Is(err, store.ErrConflict) || errors.Is(err, fs.ErrNotExist) {
		return &probed{Message: "There is no Asterisk to log in to: the settings say where AMI listens."}, nil
	}
	if err != nil {
		return nil, err
	}
	message := sentence(result.Message)
	if result.Outcome != manager.LoggedIn && v.waiting(ctx) {
		message += " There are changes that were not applied yet: apply them first."
	}
	return &probed{OK: result.Outcome == manager.LoggedIn, Message: message}, nil
}

// waiting reports whether there is something to apply, as far as is known.
func (v *visit) waiting(ctx context.Context) bool {
	status, err := v.runner.Status(ctx)
	return err == nil && status.Pending
}
