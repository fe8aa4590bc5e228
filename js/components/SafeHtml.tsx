// The only place where HTML from the kernel enters the page. It was made and sanitised by
// render.py; everything else in this front end is text.

export function SafeHtml({ html, class: className = "" }: { html: string; class?: string }) {
  if (!html) return null;
  return <div class={`inginious-html ${className}`} dangerouslySetInnerHTML={{ __html: html }} />;
}
