package web

import (
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// userRoutePath is the page of a person. No address with more parts may have a word
// of its own in the place of the username: the routes would be ambiguous.
const userRoutePath = "/users/{username}"

// userRoutes are the pages of people, and of the directories that they come
// from.
func userRoutes() []route {
	const section, directory = app.SectionUsers, "/directories/{directory}"
	list := []route{
		get("/users", section, (*pageHandler).userList),
		get("/users/new", section, (*pageHandler).userNew),
		post("/users/new", section, (*pageHandler).userCreate),
		get("/users/welcome", section, (*pageHandler).welcomeAll),
		post("/users/welcome", section, (*pageHandler).welcomeAllStart),
		get("/deleted-users/{id}/restore", section, (*pageHandler).deletedConfirmRestore),
		post("/deleted-users/{id}/restore", section, (*pageHandler).deletedRestore),
		get("/deleted-users/{id}/purge", section, (*pageHandler).deletedConfirmPurge),
		post("/deleted-users/{id}/purge", section, (*pageHandler).deletedPurge),
		get(directory, section, (*pageHandler).directorySync),
		post(directory, section, (*pageHandler).directorySyncStart),
	}
	return slices.Concat(list, singleUserRoutes(), userLoginRoutes(), tokenRoutes())
}

func singleUserRoutes() []route {
	const section = app.SectionUsers
	picture := post(userRoutePath+"/picture", section, (*pageHandler).userSetPicture)
	picture.upload = true
	return []route{
		get(userRoutePath, section, (*pageHandler).userForm),
		post(userRoutePath, section, (*pageHandler).userSave),
		get(userRoutePath+"/delete", section, (*pageHandler).userConfirmDelete),
		post(userRoutePath+"/delete", section, (*pageHandler).userDelete),
		post(userRoutePath+"/disable", section, (*pageHandler).userDisable),
		post(userRoutePath+"/enable", section, (*pageHandler).userEnable),
		get(userRoutePath+"/permissions", section, (*pageHandler).userPermissions),
		post(userRoutePath+"/permissions", section, (*pageHandler).userSavePermissions),
		get(userRoutePath+"/picture", section, (*pageHandler).userPicture),
		picture,
		post(userRoutePath+"/picture/remove", section, (*pageHandler).userRemovePicture),
	}
}

// userLoginRoutes are how a person gets to log in, or not.
func userLoginRoutes() []route {
	const section = app.SectionUsers
	return []route{
		post(userRoutePath+"/welcome", section, (*pageHandler).userWelcome),
		post(userRoutePath+"/reset", section, (*pageHandler).userReset),
		get(userRoutePath+"/mail/{kind}", section, (*pageHandler).userMail),
		get(userRoutePath+"/link", section, (*pageHandler).userLinkPage),
		post(userRoutePath+"/link", section, (*pageHandler).userLink),
		get(userRoutePath+"/softphone", section, (*pageHandler).userSoftphoneLink),
		post(userRoutePath+"/softphone", section, (*pageHandler).userSoftphone),
		get(userRoutePath+"/password", section, (*pageHandler).userPasswordForm),
		post(userRoutePath+"/password", section, (*pageHandler).userSetPassword),
		get(userRoutePath+"/password/generated", section, (*pageHandler).userPasswordGenerated),
		get(userRoutePath+"/second-factor/remove", section, (*pageHandler).userConfirmRemoveFactor),
		post(userRoutePath+"/second-factor/remove", section, (*pageHandler).userRemoveFactor),
		post(userRoutePath+"/sessions/end", section, (*pageHandler).userEndSessions),
	}
}

func tokenRoutes() []route {
	const section, all, one = app.SectionUsers, userRoutePath + "/tokens", userRoutePath + "/tokens/{id}"
	return []route{
		get(all, section, (*pageHandler).tokenList),
		get(all+"/new", section, (*pageHandler).tokenNew),
		post(all+"/new", section, (*pageHandler).tokenCreate),
		get(one, section, (*pageHandler).tokenForm),
		post(one, section, (*pageHandler).tokenSave),
		get(one+"/key", section, (*pageHandler).tokenKey),
		get(one+"/rotate", section, (*pageHandler).tokenConfirmRotate),
		post(one+"/rotate", section, (*pageHandler).tokenRotate),
		get(one+"/delete", section, (*pageHandler).tokenConfirmDelete),
		post(one+"/delete", section, (*pageHandler).tokenDelete),
	}
}
