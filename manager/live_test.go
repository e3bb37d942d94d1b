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
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// pbx is a running Asterisk with an installed configuration folder.
type pbx struct {
	*testservers.Asterisk
	store     manager.Store
	service   *manager.Service
	client    *ami.Client
	configDir *asteriskconf.ConfigDir
}

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func startPBX(t testing.TB, opts *testservers.AsteriskOptions) *pbx {
	t.Helper()
	p := &pbx{Asterisk: testservers.StartAsterisk(t, opts), store: memstore.New().AMIAccounts()}
	var err error
	p.client, err = ami.Dial(testContext(t), p.AMIAddr, &ami.Options{
		Username: p.AMIUser, Secret: store.NewSecret(p.AMISecret), Events: "security",
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.client.Close() })
	p.service = manager.New(p.store, &manager.Options{NameInUse: manager.NameInConfig(p.ConfDir)})
	source := manager.NewConfSource(p.store, &manager.ConfSourceOptions{Address: p.AMIAddr})
	p.configDir, err = asteriskconf.Open(p.ConfDir, []asteriskconf.Source{source}, &asteriskconf.Options{Asterisk: p.client})
	require.NoError(t, err)
	_, err = p.configDir.Install(testContext(t))
	require.NoError(t, err)
	return p
}

func (p *pbx) create(t testing.TB, a *manager.Account) *manager.Account {
	t.Helper()
	created, err := p.service.Create(testContext(t), a)
	require.NoError(t, err)
	return created
}

func (p *pbx) apply(t testing.TB) *asteriskconf.Report {
	t.Helper()
	report, err := p.configDir.Apply(testContext(t))
	require.NoError(t, err)
	require.True(t, report.Verified)
	return report
}

func (p *pbx) login(t testing.TB, a *manager.Account) error {
	t.Helper()
	_, err := ami.CheckLogin(testContext(t), p.AMIAddr, &ami.Options{Username: a.Name, Secret: a.Secret})
	return err
}

// Asterisk shows an account with an unknown named ACL as usual, and denies every
// login.
func TestConfSource_Verify_rejectsUnknownNamedACL(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	a := p.create(t, &manager.Account{Name: "crm", Permit: mustNetworks(t, "127.0.0.0/8"), NamedACL: "office"})
	_, err := p.configDir.Apply(testContext(t))
	var mismatch *asteriskconf.MismatchError
	require.ErrorAs(t, err, &mismatch)
	require.Contains(t, mismatch.Error(), "its named ACL is not in acl.conf")
	require.ErrorIs(t, p.login(t, a), ami.ErrAuthentication, "nothing is live")

	acl := filepath.Join(p.ConfDir, "acl.conf")
	require.NoError(t, os.WriteFile(acl, []byte("[office]\ndeny = 127.0.0.1\n"), 0o600))
	_, err = p.client.Command(testContext(t), "module reload acl")
	require.NoError(t, err)
	p.apply(t)
	result, err := p.service.Probe(testContext(t), "crm", &manager.ProbeOptions{Address: p.AMIAddr, SecurityEvents: p.client})
	require.NoError(t, err)
	require.Equal(t, manager.AddressDenied, result.Outcome)
	require.Contains(t, result.Message, "The named ACL of the account denies 127.0.0.1")
}

// Asterisk drops the accounts of users.conf at a reload of manager.conf, so an apply
// must not reload while there are any.
func TestConfSource_Inspect_keepsAccountsOfUsersConfLive(t *testing.T) {
	t.Parallel()
	p := startPBX(t, &testservers.AsteriskOptions{Files: map[string]string{
		"users.conf": "[desk]\nsecret = Desk2Secret3Known4\nhasmanager = yes\nmanagerread = call\nmanagerwrite = call\n",
	}})
	desk := &manager.Account{Name: "desk", Secret: store.NewSecret("Desk2Secret3Known4")}
	require.NoError(t, p.login(t, desk), "this Asterisk reads users.conf")
	p.create(t, &manager.Account{Name: "crm", Permit: mustNetworks(t, "127.0.0.0/8")})
	_, err := p.configDir.Apply(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "users.conf:1: the AMI account desk would disappear")
	require.NoError(t, p.login(t, desk))
}

func TestConfSource_Sections_appliedAccountCanLogIn(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	a := &manager.Account{Name: "crmpro_ami", Permit: mustNetworks(t, "10.0.0.0/8", "127.0.0.0/8")}
	preset, _ := manager.LookupPreset("click-to-call")
	preset.ApplyTo(a)
	a = p.create(t, a)
	require.ErrorIs(t, p.login(t, a), ami.ErrAuthentication, "the account is not live before the apply")

	report := p.apply(t)
	require.Equal(t, 1, report.Files[0].Added)
	require.Contains(t, p.Console(t, "manager show users"), "crmpro_ami")
	require.NoError(t, p.login(t, a))

	session, err := ami.Dial(testContext(t), p.AMIAddr, &ami.Options{Username: a.Name, Secret: a.Secret, NoReconnect: true})
	require.NoError(t, err)
	defer func() { _ = session.Close() }()
	require.NoError(t, p.service.Delete(testContext(t), a.Name))
	report = p.apply(t)
	require.Equal(t, 1, report.Files[0].Removed)
	require.Len(t, report.Files[0].Notes, 1)
	select {
	case <-session.Done():
	case <-testContext(t).Done():
		require.FailNow(t, "the open session continues")
	}
	require.ErrorIs(t, p.login(t, a), ami.ErrAuthentication)
	require.NotContains(t, p.Console(t, "manager show users"), "crmpro_ami")
}

// TestService_Probe_explainsDenialOverTLS serves TLS at the address of the
// instance and moves plain TCP away. At the same port, Asterisk would move TLS
// (__init_manager in main/manager.c).
func TestService_Probe_explainsDenialOverTLS(t *testing.T) {
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
	asterisk := testservers.StartAsterisk(t, &testservers.AsteriskOptions{Files: map[string]string{
		"manager.conf": "[general]\nenabled = yes\nport = 5038\nbindaddr = 127.0.0.2\n" +
			"tlsenable = yes\ntlsbindaddr = 127.0.0.1:{{port}}\ntlscertfile = " + pemFile + "\n" +
			"[crm]\nsecret = " + validSecret + "\nread = security\n[denied]\nsecret = " + validSecret + "\ndeny = 0.0.0.0/0\n",
	}})
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	overTLS := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	o := newEnv(t, nil)
	for _, name := range []string{"crm", "denied", "unknown"} {
		o.mustCreate(t, &manager.Account{Name: name, Secret: store.NewSecret(validSecret)})
	}
	client, err := ami.Dial(testContext(t), asterisk.AMIAddr, &ami.Options{Username: "crm", Secret: store.NewSecret(validSecret), TLS: overTLS, Events: "on"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	for name, want := range map[string]manager.ProbeOutcome{"crm": manager.LoggedIn, "denied": manager.AddressDenied, "unknown": manager.UnknownAccount} {
		result, err := o.Probe(testContext(t), name, &manager.ProbeOptions{Address: asterisk.AMIAddr, TLS: overTLS, SecurityEvents: client})
		require.NoError(t, err)
		require.Equal(t, want, result.Outcome, result.Message)
	}
}

func TestService_Probe_distinguishesDenialReasons(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	here := p.create(t, &manager.Account{Name: "here", Permit: mustNetworks(t, "127.0.0.1"), Read: manager.Call, AllowMultipleLogin: true})
	single := p.create(t, &manager.Account{Name: "single", Permit: mustNetworks(t, "127.0.0.1"), Read: manager.Call})
	p.create(t, &manager.Account{Name: "elsewhere", Permit: mustNetworks(t, "192.0.2.1"), Read: manager.Call})
	p.apply(t)
	p.create(t, &manager.Account{Name: "later", Read: manager.Call})
	session, err := ami.Dial(testContext(t), p.AMIAddr, &ami.Options{Username: single.Name, Secret: single.Secret})
	require.NoError(t, err)
	t.Cleanup(func() { _ = session.Close() })

	for _, test := range []struct {
		name    string
		account string
		opts    manager.ProbeOptions
		want    manager.ProbeOutcome
	}{
		{"success", here.Name, manager.ProbeOptions{Address: p.AMIAddr}, manager.LoggedIn},
		{"wrong secret", here.Name, manager.ProbeOptions{Address: p.AMIAddr, Secret: store.NewSecret("not the secret"), SecurityEvents: p.client}, manager.WrongSecret},
		{"denied by address", "elsewhere", manager.ProbeOptions{Address: p.AMIAddr, SecurityEvents: p.client}, manager.AddressDenied},
		{"not applied", "later", manager.ProbeOptions{Address: p.AMIAddr, SecurityEvents: p.client}, manager.UnknownAccount},
		{"denied, without security events", "elsewhere", manager.ProbeOptions{Address: p.AMIAddr}, manager.Denied},
		{"in use", single.Name, manager.ProbeOptions{Address: p.AMIAddr}, manager.AlreadyLoggedIn},
		{"unreachable", here.Name, manager.ProbeOptions{Address: "127.0.0.1:1"}, manager.Unreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			result, err := p.service.Probe(testContext(t), test.account, &test.opts)
			require.NoError(t, err)
			require.Equal(t, test.want, result.Outcome, result.Message)
			require.NotEmpty(t, result.Message)
		})
	}
	_, err = p.service.Probe(testContext(t), "nobody", nil)
	require.ErrorIs(t, err, store.ErrNotFound)
}
