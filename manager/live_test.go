package manager_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/internal/peers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// pbx is a running Asterisk with an installed configuration folder.
type pbx struct {
	*peers.Asterisk
	store   manager.Store
	service *manager.Service
	client  *ami.Client
	folder  *asteriskconf.Folder
}

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func startPBX(t testing.TB, opts *peers.AsteriskOptions) *pbx {
	t.Helper()
	p := &pbx{Asterisk: peers.StartAsterisk(t, opts), store: memstore.New().Managers()}
	var err error
	p.client, err = ami.Dial(within(t), p.AMIAddr, &ami.Options{
		Username: p.AMIUser, Secret: store.NewSecret(p.AMISecret), Events: "security",
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.client.Close() })
	p.service = manager.New(p.store, &manager.Options{Taken: manager.Taken(p.ConfDir)})
	source := manager.NewSource(p.store, &manager.SourceOptions{Address: p.AMIAddr})
	p.folder, err = asteriskconf.Open(p.ConfDir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: p.client})
	require.NoError(t, err)
	_, err = p.folder.Install(within(t))
	require.NoError(t, err)
	return p
}

func (p *pbx) create(t testing.TB, u *manager.User) *manager.User {
	t.Helper()
	created, err := p.service.Create(within(t), u)
	require.NoError(t, err)
	return created
}

func (p *pbx) apply(t testing.TB) *asteriskconf.Report {
	t.Helper()
	report, err := p.folder.Apply(within(t))
	require.NoError(t, err)
	require.True(t, report.Verified)
	return report
}

func (p *pbx) login(t testing.TB, u *manager.User) error {
	t.Helper()
	_, err := ami.TestLogin(within(t), p.AMIAddr, &ami.Options{Username: u.Name, Secret: u.Secret})
	return err
}

func TestAnAppliedAccountLogsIn_andADeletedOneNoLonger(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	u := &manager.User{Name: "crmpro_ami", Permit: networks(t, "10.0.0.0/8", "127.0.0.0/8")}
	preset, _ := manager.PresetNamed("click-to-call")
	preset.ApplyTo(u)
	u = p.create(t, u)
	require.ErrorIs(t, p.login(t, u), ami.ErrAuthentication, "not before the apply")

	report := p.apply(t)
	require.Equal(t, 1, report.Files[0].Added)
	require.Contains(t, p.Console(t, "manager show users"), "crmpro_ami")
	require.NoError(t, p.login(t, u))

	session, err := ami.Dial(within(t), p.AMIAddr, &ami.Options{Username: u.Name, Secret: u.Secret, NoReconnect: true})
	require.NoError(t, err)
	defer func() { _ = session.Close() }()
	require.NoError(t, p.service.Delete(within(t), u.Name))
	report = p.apply(t)
	require.Equal(t, 1, report.Files[0].Removed)
	require.Len(t, report.Files[0].Notes, 1)
	select {
	case <-session.Done():
	case <-within(t).Done():
		require.FailNow(t, "the open session goes on")
	}
	require.ErrorIs(t, p.login(t, u), ami.ErrAuthentication)
	require.NotContains(t, p.Console(t, "manager show users"), "crmpro_ami")
}

// TestProbe_tellsTheReasonsOverTLS has TLS at the address of the instance, and
// plain TCP out of the way: at the same port, Asterisk would move TLS
// (__init_manager in main/manager.c).
func TestProbe_tellsTheReasonsOverTLS(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	pair := web.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	pemFile := filepath.Join(t.TempDir(), "asterisk.pem")
	require.NoError(t, os.WriteFile(pemFile, slices.Concat(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})), 0o600))
	asterisk := peers.StartAsterisk(t, &peers.AsteriskOptions{Files: map[string]string{
		"manager.conf": "[general]\nenabled = yes\nport = 5038\nbindaddr = 127.0.0.2\n" +
			"tlsenable = yes\ntlsbindaddr = 127.0.0.1:{{port}}\ntlscertfile = " + pemFile + "\n" +
			"[crm]\nsecret = " + goodSecret + "\nread = security\n[denied]\nsecret = " + goodSecret + "\ndeny = 0.0.0.0/0\n",
	}})
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	overTLS := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	o := newOffice(t, nil)
	for _, name := range []string{"crm", "denied", "unknown"} {
		o.make(t, &manager.User{Name: name, Secret: store.NewSecret(goodSecret)})
	}
	witness, err := ami.Dial(within(t), asterisk.AMIAddr, &ami.Options{Username: "crm", Secret: store.NewSecret(goodSecret), TLS: overTLS, Events: "on"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = witness.Close() })
	for name, want := range map[string]manager.Outcome{"crm": manager.LoggedIn, "denied": manager.AddressRefused, "unknown": manager.UnknownAccount} {
		result, err := o.Probe(within(t), name, &manager.ProbeOptions{Address: asterisk.AMIAddr, TLS: overTLS, Witness: witness})
		require.NoError(t, err)
		require.Equal(t, want, result.Outcome, result.Message)
	}
}

func TestProbe_tellsTheReasonsOfARefusalApart(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	here := p.create(t, &manager.User{Name: "here", Permit: networks(t, "127.0.0.1"), Read: manager.Call, AllowMultipleLogin: true})
	single := p.create(t, &manager.User{Name: "single", Permit: networks(t, "127.0.0.1"), Read: manager.Call})
	p.create(t, &manager.User{Name: "elsewhere", Permit: networks(t, "192.0.2.1"), Read: manager.Call})
	p.apply(t)
	p.create(t, &manager.User{Name: "later", Read: manager.Call})
	session, err := ami.Dial(within(t), p.AMIAddr, &ami.Options{Username: single.Name, Secret: single.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })

	for _, test := range []struct {
		name    string
		account string
		opts    manager.ProbeOptions
		want    manager.Outcome
	}{
		{"success", here.Name, manager.ProbeOptions{Address: p.AMIAddr}, manager.LoggedIn},
		{"wrong secret", here.Name, manager.ProbeOptions{Address: p.AMIAddr, Secret: store.NewSecret("not the secret"), Witness: p.client}, manager.WrongSecret},
		{"refused by address", "elsewhere", manager.ProbeOptions{Address: p.AMIAddr, Witness: p.client}, manager.AddressRefused},
		{"not applied", "later", manager.ProbeOptions{Address: p.AMIAddr, Witness: p.client}, manager.UnknownAccount},
		{"refused, without a witness", "elsewhere", manager.ProbeOptions{Address: p.AMIAddr}, manager.Refused},
		{"in use", single.Name, manager.ProbeOptions{Address: p.AMIAddr}, manager.AlreadyLoggedIn},
		{"unreachable", here.Name, manager.ProbeOptions{Address: "127.0.0.1:1"}, manager.Unreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			result, err := p.service.Probe(within(t), test.account, &test.opts)
			require.NoError(t, err)
			require.Equal(t, test.want, result.Outcome, result.Message)
			require.NotEmpty(t, result.Message)
		})
	}
	_, err = p.service.Probe(within(t), "nobody", nil)
	require.ErrorIs(t, err, store.ErrNotFound)
}
