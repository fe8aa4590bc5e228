// The French words of the plugins and of the widget, in a chunk of their own.
import "../i18n/french.ts";

export { lab, settings } from "../i18n/fr.json";
