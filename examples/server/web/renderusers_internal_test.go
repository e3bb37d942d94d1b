package web

import (
	"time"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func hostileUser() *userman.User {
	return &userman.User{
		ID: hostile, Username: hostile, DisplayName: hostile, DefaultExtension: hostile, Email: hostile, Groups: []string{hostile}, Directory: hostile,
		Picture: hostile, InvitationExpiresAt: time.Now(), PasswordExpiresAt: time.Now(), MissingSince: time.Now(), HasSecondFactor: true,
	}
}

func hostileToken() recordPage[apitoken.Token] {
	return hostileRecord(&apitoken.Token{ID: hostile, Disabled: true}, nil)
}

// userBodies are the [pageBodies] of users and tokens.
func userBodies() map[string][2]any {
	tokens := []*apitoken.Token{{ID: hostile, Description: hostile, Extensions: []string{hostile}, Modules: []string{hostile}, RequestsPerHour: -1}}
	return map[string][2]any{
		"users":    {listPage[userman.User]{Extra: userList{}}, hostileList(userList{}, hostileUser())},
		"user":     {recordPage[userman.User]{Record: &userman.User{}, Extra: userExtra{}}, hostileRecord(hostileUser(), userExtra{hostileField("picture"), "/x", true, true, []*mailqueue.Mail{{Kind: hostile, Status: hostile, Message: hostile, NextAttemptAt: time.Now()}}, tokens, false}, "profile", "sign-in", permissionsTab, "tokens", activityTab)},
		"usermail": {mailPage{Mail: &usermail.Mail{}}, mailPage{&usermail.Mail{To: hostile, ToName: hostile, Subject: hostile, Text: hostile, HTML: hostile}, hostile, hostile, hostile, "/x"}},
		"tokens":   {listPage[apitoken.Token]{Extra: tokenHolder{User: &userman.User{}}}, listPage[apitoken.Token]{Heads: []tableHeader{{Label: hostile}}, Items: tokens, listTools: listTools{Paging: hostilePaging()}, Extra: tokenHolder{hostileUser(), false}}},
		"token":    {recordPage[apitoken.Token]{Record: &apitoken.Token{}, User: &userman.User{}}, hostileToken()},
	}
}
