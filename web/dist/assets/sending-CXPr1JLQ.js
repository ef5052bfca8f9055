import{t as e}from"./useQuery-_MoWIV_2.js";import{a as t,n,t as r}from"./jsx-runtime-Wy9s6hX0.js";import{A as i,D as a,E as o,G as s,J as c,K as l,L as u,R as d,W as f,X as p,_ as m,b as h,c as g,f as _,j as v,o as y,s as b,tt as x,z as S}from"./index-CJudBwKr.js";import{s as C}from"./lists-LD-zhEE3.js";import{i as w}from"./reports-Dqh8_irv.js";import{n as T}from"./zone-DpQMvXEZ.js";import{t as E}from"./use-now-CQN_xCZZ.js";import{a as D,c as O,t as k}from"./use-url-state-BkUeWWHk.js";var A=t(n(),1);async function j(){return(await o(`GET`,`/docs/documents.json`)).find(({url:e})=>e===`/docs/collector.json`)?.server??``}var M=[`curl`,`browser`,`node`,`python`,`segment`,`ga4`],N=`{"type": "product_view", "visitor_id": "v-1", "items": [{"product_id": "p-1", "price": "19.90"}]}`;function P(e,t,n){let r=`${t}/v1/events`;switch(e){case`curl`:return`# COLLECT_KEY is the secret of ${n}.
curl -s ${r} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '[${N}]'`;case`browser`:return`// A key of kind collect can send events and nothing else, so a page may hold it: ${n}.
fetch("${r}", {
  method: "POST",
  keepalive: true,
  headers: { "Authorization": "Bearer COLLECT_KEY", "Content-Type": "application/json" },
  body: JSON.stringify([${N}]),
});`;case`node`:return`// COLLECT_KEY is the secret of ${n}.
const answer = await fetch("${r}", {
  method: "POST",
  headers: { "Authorization": \`Bearer \${process.env.COLLECT_KEY}\`, "Content-Type": "application/json" },
  body: JSON.stringify([${N}]),
});
console.log(answer.status, await answer.json());`;case`python`:return`# COLLECT_KEY is the secret of ${n}.
import json, os, urllib.request

event = ${N}
request = urllib.request.Request(
    "${r}",
    data=json.dumps([event]).encode(),
    headers={"Authorization": f"Bearer {os.environ['COLLECT_KEY']}", "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request).read().decode())`;case`segment`:return`# The body of Segment's batch, as it is. COLLECT_KEY is the secret of ${n}.
curl -s ${r} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"batch": [{"event": "Product Viewed", "anonymousId": "v-1", "messageId": "m-1",
       "properties": {"product_id": "p-1", "price": 19.9}}]}'`;case`ga4`:return`# The body of GA4's Measurement Protocol, as it is. COLLECT_KEY is the secret of ${n}.
curl -s ${r} \\
  -H "Authorization: Bearer $COLLECT_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"client_id": "123456.7654321", "events": [{"name": "purchase",
       "params": {"transaction_id": "t-1", "currency": "EUR", "value": 31.98,
                  "items": [{"item_id": "p-1", "price": 15.99, "quantity": 2}]}}]}'`}}var F=r(),I={sender:D(M,`curl`),key:O()},L=2e3;function R(){let[t,n]=k(I),{data:r,error:a,refetch:o}=C(),m=e({queryKey:[`collector`],queryFn:j,staleTime:1/0}),[h,_]=(0,A.useState)(null),w=h??m.data??``,T=Date.now(),E=r?.filter(e=>e.kind===`collect`&&!e.revoked_at&&(!e.expires_at||Date.parse(e.expires_at)>T)),D=E?.find(({id:e})=>e===t.key)??E?.[0],O=D&&!m.isPending&&P(t.sender,w.replace(/\/$/,``),D.id);return(0,F.jsxs)(c,{title:p.sending.title,aside:(0,F.jsx)(z,{}),children:[a&&(0,F.jsx)(b,{error:a,retry:()=>void o()}),!a&&(!r||D&&m.isPending)&&(0,F.jsx)(g,{height:280}),E&&!D&&(0,F.jsxs)(y,{title:p.sending.noKey,children:[(0,F.jsx)(`p`,{children:p.sending.noKeyHint}),(0,F.jsx)(x,{href:`/keys?create=collect`,className:S,children:p.sending.createKey})]}),D&&O&&(0,F.jsxs)(l,{children:[(0,F.jsxs)(s,{children:[(0,F.jsx)(`p`,{children:p.sending.intro}),(0,F.jsxs)(`div`,{className:f.pair,children:[(0,F.jsx)(u,{label:p.sending.key,value:D.id,options:(E??[]).map(({id:e,name:t})=>[e,`${t} · ${e}`]),onChange:e=>n({key:e},{replace:!0})}),(0,F.jsx)(d,{label:p.sending.collector,type:`url`,value:w,onChange:_})]}),(0,F.jsxs)(`div`,{className:`${f.row} ${f.spread}`,children:[(0,F.jsx)(i,{label:p.sending.title,value:t.sender,options:M.map(e=>[e,p.sending.senders[e]??e]),onChange:e=>n({sender:e},{replace:!0})}),(0,F.jsx)(v,{value:O})]}),(0,F.jsx)(`pre`,{children:O}),(0,F.jsx)(`p`,{className:`soft`,children:p.sending.secretHint})]}),(0,F.jsxs)(s,{children:[(0,F.jsx)(`h2`,{children:p.sending.check}),p.sending.checks.map(e=>(0,F.jsx)(`p`,{children:e},e)),(0,F.jsx)(`p`,{children:(0,F.jsx)(x,{href:`/rejects`,children:p.rejects.title})})]})]})]})}function z(){let{zone:e}=h(),t=T(E(6e4),e),{data:n}=w({metrics:[`events`],time:{from:t,tz:e,granularity:`total`}},L),r=n?.totals.values.events??0;return(0,F.jsx)(`span`,{role:`status`,children:r>0?(0,F.jsx)(a,{tone:`good`,dot:`beating`,children:p.sending.arrived(_(r,m))}):(0,F.jsx)(a,{tone:`warn`,dot:`still`,children:p.sending.waiting})})}export{R as default};