// The French words, as a module of their own: the plugins load it only for who reads French.
import { widget } from "./fr.json";
import { learn } from "./index.ts";

learn("fr", widget);
