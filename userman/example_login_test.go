package userman_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func ExampleService_Authenticate() {
	ctx := context.Background()
	users := userman.New(memstore.New().Users(""), nil)
	_, err := users.Create(ctx, userman.NewUser{
		User: &userman.User{Username: "jane", DefaultExtension: "1001"}, Password: store.NewSecret("vivid-otter-73-lanterns"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	login, err := users.Authenticate(ctx, credential.LoginAttempt{Username: "Jane", Password: store.NewSecret("vivid-otter-73-lanterns")})
	if err != nil {
		fmt.Println(err)
		return
	}
	// A portal keeps these two in its session, and asks with each page:
	id, epoch := login.User.ID, login.User.SessionEpoch
	u, err := users.Session(ctx, id, epoch)
	fmt.Println(u.Username, u.DefaultExtension, err)

	_, err = users.Disable(ctx, "jane")
	fmt.Println(err)
	_, err = users.Session(ctx, id, epoch)
	fmt.Println(err)
	// Output:
	// jane 1001 <nil>
	// <nil>
	// there is no such session
}

func ExampleService_Invite() {
	ctx := context.Background()
	users := userman.New(memstore.New().Users(""), &userman.Options{BaseURL: &url.URL{Scheme: "https", Host: "pbx.example.com"}})
	if _, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane"}}); err != nil {
		fmt.Println(err)
		return
	}
	link, err := users.Invite(ctx, "jane")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(link.Username, "opens", link.URL)

	_, err = users.AcceptInvitation(ctx, link.Token, store.NewSecret("jane1234"))
	fmt.Println(err)
	_, err = users.AcceptInvitation(ctx, link.Token, store.NewSecret("vivid-otter-73-lanterns"))
	fmt.Println(err)
	_, err = users.AcceptInvitation(ctx, link.Token, store.NewSecret("another & longer phrase"))
	fmt.Println(err)
	// Output:
	// jane opens [redacted]
	// password: at least 12 characters are needed; a few words with spaces between are easy to remember; password: this is made of the username; choose something that has nothing to do with it
	// <nil>
	// there is no such invitation
}

func ExampleService_SetPassword() {
	ctx := context.Background()
	users := userman.New(memstore.New().Users(""), nil)
	if _, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane"}}); err != nil {
		fmt.Println(err)
		return
	}
	password, err := users.GeneratePassword()
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := users.SetPassword(ctx, "jane", password, &userman.PasswordOptions{MustChange: true}); err != nil {
		fmt.Println(err)
		return
	}
	login, err := users.Authenticate(ctx, credential.LoginAttempt{Username: "jane", Password: password})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("must change it:", login.MustChangePassword)
	u, err := users.ChangePassword(ctx, login.User.ID, password, store.NewSecret("vivid-otter-73-lanterns"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("must change it:", u.PasswordChangeRequired(time.Now()))
	// Output:
	// must change it: true
	// must change it: false
}

func ExampleService_AuthenticateService() {
	ctx := context.Background()
	users := userman.New(memstore.New().Users(""), nil)
	password := store.NewSecret("vivid-otter-73-lanterns")
	if _, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane"}, Password: password}); err != nil {
		fmt.Println(err)
		return
	}
	_, err := users.AuthenticateService(ctx, "xmpp", "jane", password)
	if loginErr, ok := errors.AsType[*credential.LoginError](err); ok {
		fmt.Println(loginErr.Code)
	}
	_, err = users.Update(ctx, "jane", func(u *userman.User) error {
		u.Permissions = permission.Permissions{permission.XMPPLogin: permission.On()}
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	u, err := users.AuthenticateService(ctx, "xmpp", "jane", password)
	fmt.Println(u.Username, err)
	// Output:
	// not_authorized
	// jane <nil>
}

// exampleSIPAccounts are the SIP accounts that the product knows.
type exampleSIPAccounts struct{}

func (exampleSIPAccounts) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	return &userman.SIPAccount{
		Technology: "PJSIP", Username: extension, Secret: store.NewSecret("made-by-the-product"),
		Domain: "pbx.example.com", Transport: "tls", DisplayName: "Jane Doe",
	}, nil
}

func ExampleSoftphoneService_Activate() {
	ctx := context.Background()
	users := userman.New(memstore.New().Users(""), &userman.Options{SIPAccounts: exampleSIPAccounts{}})
	if _, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane", DefaultExtension: "1001"}}); err != nil {
		fmt.Println(err)
		return
	}
	link, err := users.Softphones().Invite(ctx, "jane")
	if err != nil {
		fmt.Println(err)
		return
	}
	activation, err := users.Softphones().Activate(ctx, link.Token)
	if err != nil {
		fmt.Println(err)
		return
	}
	document, err := activation.Linphone()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(document))
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <config xmlns="http://www.linphone.org/xsds/lpconfig.xsd">
	//   <section name="misc">
	//     <entry name="transient_provisioning" overwrite="true">1</entry>
	//   </section>
	//   <section name="sip">
	//     <entry name="default_proxy" overwrite="true">0</entry>
	//   </section>
	//   <section name="auth_info_0">
	//     <entry name="username" overwrite="true">1001</entry>
	//     <entry name="userid" overwrite="true">1001</entry>
	//     <entry name="passwd" overwrite="true">made-by-the-product</entry>
	//     <entry name="domain" overwrite="true">pbx.example.com</entry>
	//   </section>
	//   <section name="proxy_0">
	//     <entry name="reg_proxy" overwrite="true">&lt;sip:pbx.example.com;transport=tls&gt;</entry>
	//     <entry name="reg_route" overwrite="true">&lt;sip:pbx.example.com;transport=tls&gt;</entry>
	//     <entry name="reg_identity" overwrite="true">&#34;Jane Doe&#34; &lt;sip:1001@pbx.example.com&gt;</entry>
	//     <entry name="reg_expires" overwrite="true">3600</entry>
	//     <entry name="reg_sendregister" overwrite="true">1</entry>
	//   </section>
	// </config>
}

// consoleMailer shows mails in place of sending them.
type consoleMailer struct{}

func (consoleMailer) Send(_ context.Context, m *usermail.Mail) error {
	fmt.Println("to:", m.To)
	return nil
}

func ExampleService_RequestReset() {
	ctx := context.Background()
	users := userman.New(memstore.New().Users(""), &userman.Options{
		Mailer: consoleMailer{}, BaseURL: &url.URL{Scheme: "https", Host: "pbx.example.com"},
	})
	if _, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane", Email: "jane@example.com"}}); err != nil {
		fmt.Println(err)
		return
	}
	// The answers are the same; the mail is sent in the background.
	unknown, known := users.RequestReset(ctx, "nobody"), users.RequestReset(ctx, "jane")
	if err := users.Shutdown(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(unknown, known)
	// Output:
	// to: jane@example.com
	// <nil> <nil>
}
