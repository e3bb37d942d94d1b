package api_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// failingMailer is a mail server that must not be called.
type failingMailer struct{ t *testing.T }

func (p failingMailer) Send(context.Context, *usermail.Mail) error {
	p.t.Error("a mail was sent")
	return nil
}

func TestAPI_previewMailSendsNothing(t *testing.T) {
	t.Parallel()
	h := startWith(t, func(o *userman.Options) {
		o.Mailer = failingMailer{t}
		o.Directories = append(o.Directories, passwordDirectory{})
	})
	h.createUser(t, userman.User{Username: "jane.roe", FirstName: "Jane", Email: "jane@example.com", DefaultExtension: "200"})
	v := h.logIn(t, "root")
	for kind, text := range map[string]string{"welcome": "has been set up for you", "reset": "a new password was requested"} {
		mail := v.call(t, http.MethodGet, "/users/Jane.Roe/mails/"+kind, nil).requireStatus(t, http.StatusOK).decodeObject(t)
		require.Equal(t, "jane@example.com", mail["to"])
		require.Equal(t, "Jane", mail["to_name"])
		require.NotEmpty(t, mail["subject"])
		require.Contains(t, mail["text"], text)
		require.Contains(t, mail["text"], h.URL+userman.SetPasswordPath)
		require.Contains(t, mail["html"], "<p")
	}
	v.call(t, http.MethodGet, "/users/jane.roe/mails/newsletter", nil).requireFieldErrors(t, http.StatusUnprocessableEntity, "path.kind oneof")
	v.call(t, http.MethodGet, "/users/nobody/mails/welcome", nil).requireStatus(t, http.StatusNotFound)
	h.logInScoped(t).call(t, http.MethodGet, "/users/jane.roe/mails/welcome", nil).requireStatus(t, http.StatusNotFound)

	v.call(t, http.MethodPost, "/directories/"+directoryName+"/sync", nil).requireStatus(t, http.StatusOK)
	require.Equal(t, true, v.call(t, http.MethodGet, "/users/ann", nil).requireStatus(t, http.StatusOK).decodeObject(t)["external_password"])
	require.Equal(t, false, v.call(t, http.MethodGet, "/users/jane.roe", nil).requireStatus(t, http.StatusOK).decodeObject(t)["external_password"])
	rejected := v.call(t, http.MethodGet, "/users/ann/mails/reset", nil).requireStatus(t, http.StatusConflict)
	require.Contains(t, rejected.problem(t).Detail, "directory manages the password")
	v.call(t, http.MethodGet, "/users/ann/mails/welcome", nil).requireStatus(t, http.StatusOK)
}

// passwordDirectory is a directory that keeps passwords.
type passwordDirectory struct{ fakeDirectory }

func (passwordDirectory) Capabilities() userman.Capabilities {
	return userman.Capabilities{Authenticate: true, Sync: true}
}
