// Tells WeChat what the card of this page says when somebody passes it on. Without it the page is a plain link.
// Whether that happens cannot be seen, and is not asked: none of these calls has anything to do afterwards.
"use strict";

(() => {
  const told = JSON.parse(document.currentScript.dataset.told);
  if (typeof wx === "undefined") return;
  wx.config(told.config);
  wx.ready(() => {
    if (told.hide) wx.hideMenuItems({ menuList: told.hide });
    if (!told.friend) return;
    wx.updateAppMessageShareData(told.friend);
    wx.updateTimelineShareData(told.feed);
  });
})();
