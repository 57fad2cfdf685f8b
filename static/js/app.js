// What scripts add to pages that work without them.
import { startClocks } from "./clocks.js";
import { startCopy } from "./copy.js";
import { startGit } from "./git.js";
import { startLive } from "./live.js";
import { startPalette } from "./palette.js";
import { startScrollers } from "./scrollers.js";
import { startSelection } from "./selection.js";
import { startShortcuts } from "./shortcuts.js";
import { startToggle } from "./toggle.js";

startToggle();
startPalette();
startShortcuts();
startClocks();
startLive();
startSelection();
startCopy();
startGit();
startScrollers();
