package web

// publicRoutes are the pages of people who have a link, or have forgotten
// their password. Nobody is logged in there.
func publicRoutes() []route {
	const password, softphone = "/set-password/{token}", "/softphone/{token}"
	open := []route{
		get(password, "", (*pageHandler).setPasswordForm),
		post(password, "", (*pageHandler).setPassword),
		post(password+"/renew", "", (*pageHandler).renewInvitation),
		get(setPasswordDonePath, "", (*pageHandler).setPasswordDone),
		get(forgotPasswordPath, "", (*pageHandler).forgotPasswordForm),
		post(forgotPasswordPath, "", (*pageHandler).forgotPassword),
		get(forgotPasswordSentPath, "", (*pageHandler).forgotPasswordSent),
		get(softphone, "", (*pageHandler).softphoneLanding),
		get(softphone+"/qr.png", "", (*pageHandler).softphoneQR),
		get(softphone+"/linphone.xml", "", (*pageHandler).softphoneLinphone),
		get(softphone+"/account.json", "", (*pageHandler).softphoneAccount),
	}
	for i := range open {
		open[i].open = true
	}
	return open
}
